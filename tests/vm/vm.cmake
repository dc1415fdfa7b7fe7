# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests on a real kernel under QEMU, one for each file of scenarios/. Not installed is skipped and says what is missing.
# Up to two minutes of one core each, so they start first; modes runs only with ctest -C long.
foreach(scenario IN ITEMS namespaces regions labels dimm plans-nvdimm plans-dimm plans-hmem modes dangers
    crash-align crash-unbind)
  set(when)
  if(scenario STREQUAL "modes")
    set(when CONFIGURATIONS long)
  endif()
  add_test(NAME vm.${scenario} ${when}
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/vm/run ${scenario} $<TARGET_FILE:memhotctl> ${PROJECT_BINARY_DIR}/vm/${scenario})
  set_tests_properties(vm.${scenario} PROPERTIES LABELS vm TIMEOUT 1200 SKIP_RETURN_CODE 77 COST 60)
endforeach()

# memhotd under its own unit, in a VM that systemd starts.
if(TARGET memhotd)
  add_test(NAME vm.systemd
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/vm/run-systemd ${PROJECT_BINARY_DIR} ${PROJECT_BINARY_DIR}/vm/systemd)
  set_tests_properties(vm.systemd PROPERTIES LABELS vm TIMEOUT 1200 SKIP_RETURN_CODE 77 COST 60)
endif()
