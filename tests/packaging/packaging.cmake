# SPDX-License-Identifier: GPL-2.0-or-later
#
# libmemhot as others meet it: each public header alone, the installed tree, and the project's own rules.

# Compiled with nothing but lib/include in sight, twice in a row so that a missing guard shows.
file(GLOB public_headers CONFIGURE_DEPENDS
  RELATIVE ${PROJECT_SOURCE_DIR}/lib/include ${PROJECT_SOURCE_DIR}/lib/include/memhot/*.hpp)
set(header_sources)
foreach(header IN LISTS public_headers)
  string(MAKE_C_IDENTIFIER ${header} name)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/public-headers/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\n#include <${header}>\n")
  list(APPEND header_sources ${source})
endforeach()
add_library(public-headers OBJECT ${header_sources})
memhot_warnings(public-headers)
target_include_directories(public-headers PRIVATE ${PROJECT_SOURCE_DIR}/lib/include)

set(consumer_flags "")
if(MEMHOT_SANITIZE)
  set(consumer_flags "-fsanitize=${MEMHOT_SANITIZE}")
endif()
add_test(NAME packaging.install
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/packaging/install_test.sh
    ${PROJECT_BINARY_DIR} ${CMAKE_COMMAND} ${CMAKE_CXX_COMPILER} ${consumer_flags})
set_tests_properties(packaging.install PROPERTIES TIMEOUT 600)
add_test(NAME packaging.lint COMMAND ${PROJECT_SOURCE_DIR}/tools/lint)
add_test(NAME packaging.lint_finds COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/packaging/lint_test.sh
  ${PROJECT_SOURCE_DIR}/tools/lint)
if(TARGET memhotd)
  add_test(NAME packaging.systemd COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/packaging/systemd_test.sh
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
endif()
