# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests on a real kernel under QEMU, one for each file of scenarios/. Not installed is skipped and says what is missing.
# Up to two minutes of one core each, so they start first. With ctest -C long only: modes; and kmem-state, which wants a
# kernel that Debian 12 does not have (MEMHOT_VM_SERIES).
foreach(scenario IN ITEMS namespaces regions labels dimm plans-nvdimm plans-dimm plans-hmem random:1 dangers
    crash-align crash-unbind modes kmem-state)
  set(when)
  if(scenario MATCHES "^(modes|kmem-state)$")
    set(when CONFIGURATIONS long)
  endif()
  string(REPLACE ":" "-" name ${scenario})
  add_test(NAME vm.${name} ${when}
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/vm/run ${scenario} $<TARGET_FILE:memhotctl> ${PROJECT_BINARY_DIR}/vm/${name})
  set_tests_properties(vm.${name} PROPERTIES LABELS vm TIMEOUT 1200 SKIP_RETURN_CODE 77 COST 60)
endforeach()

# memhotd under its own unit, in a VM that systemd starts.
if(TARGET memhotd)
  add_test(NAME vm.systemd
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/vm/run-systemd ${PROJECT_BINARY_DIR} ${PROJECT_BINARY_DIR}/vm/systemd)
  set_tests_properties(vm.systemd PROPERTIES LABELS vm TIMEOUT 1200 SKIP_RETURN_CODE 77 COST 60)
endif()
