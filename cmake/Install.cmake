# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is installed: library, headers, pkg-config and CMake package, memhotctl, memhotd with its units, rules and policies,
# manual, completion; and `uninstall`.
include(CMakePackageConfigHelpers)

set(memhot_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/memhot)

install(TARGETS memhot EXPORT memhot-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY lib/include/memhot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")

install(EXPORT memhot-targets NAMESPACE memhot:: DESTINATION ${memhot_package_dir})
configure_package_config_file(cmake/memhot-config.cmake.in memhot-config.cmake
  INSTALL_DESTINATION ${memhot_package_dir})
# Before 1.0 a minor release may break what was there.
write_basic_package_version_file(memhot-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/memhot-config.cmake ${PROJECT_BINARY_DIR}/memhot-config-version.cmake
  DESTINATION ${memhot_package_dir})

# Relative to the .pc file, so that `cmake --install --prefix` and a moved tree stay right.
file(RELATIVE_PATH memhot_pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
cmake_path(APPEND memhot_pc_libdir "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND memhot_pc_includedir "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/memhot.pc.in memhot.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/memhot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET memhotctl)
  # Outside of /usr the dynamic linker's cache need not know the library yet.
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    file(RELATIVE_PATH memhot_lib_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_target_properties(memhotctl PROPERTIES INSTALL_RPATH "$ORIGIN/${memhot_lib_from_bin}")
  endif()
  install(TARGETS memhotctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(EXISTS ${PROJECT_SOURCE_DIR}/cli/completions/memhotctl.bash)
    install(FILES cli/completions/memhotctl.bash
      DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME memhotctl)
  endif()
endif()

# What the distribution says: /etc is the administrator's.
install(FILES systemd/memhotd.conf DESTINATION lib/memhot)

# memhotd and what the system has to know of it. Units, rules and policies are found below /usr/lib and /usr/share whatever
# CMAKE_INSTALL_LIBDIR is (file-hierarchy(7)).
if(TARGET memhotd)
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    file(RELATIVE_PATH memhot_lib_from_libexec ${CMAKE_INSTALL_FULL_LIBEXECDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_target_properties(memhotd PROPERTIES INSTALL_RPATH "$ORIGIN/${memhot_lib_from_libexec}")
  endif()
  install(TARGETS memhotd RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR})
  configure_file(systemd/memhotd.service.in systemd/memhotd.service @ONLY)
  configure_file(systemd/org.memhot1.service.in systemd/org.memhot1.service @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/systemd/memhotd.service systemd/memhotd-metrics.socket systemd/memhot-kdump-reload.service
    DESTINATION lib/systemd/system)
  install(FILES systemd/90-memhot.preset DESTINATION lib/systemd/system-preset)
  install(FILES systemd/memhot.catalog DESTINATION lib/systemd/catalog)
  install(FILES systemd/memhot.sysusers DESTINATION lib/sysusers.d RENAME memhot.conf)
  install(FILES systemd/memhot.tmpfiles DESTINATION lib/tmpfiles.d RENAME memhot.conf)
  install(FILES systemd/90-memhot.rules DESTINATION lib/udev/rules.d)
  install(FILES systemd/org.memhot1.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
  install(FILES ${PROJECT_BINARY_DIR}/systemd/org.memhot1.service
    DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system-services)
  file(GLOB memhot_interfaces CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/daemon/dbus/interfaces/*.xml)
  install(FILES ${memhot_interfaces} DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces)
  install(FILES systemd/org.memhot1.policy DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/actions)
  install(FILES systemd/memhot.rules DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/rules.d RENAME 60-memhot.rules)
endif()

foreach(section RANGE 1 8)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.${section})
  if(pages)
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()

configure_file(cmake/uninstall.cmake.in uninstall.cmake @ONLY)
add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -P ${PROJECT_BINARY_DIR}/uninstall.cmake
  COMMENT "Removing what install_manifest.txt lists")
