# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each NAME_fuzz.cpp defines LLVMFuzzerTestOneInput. With MEMHOT_FUZZ it becomes a libFuzzer program; in all other
# builds replay_main.cpp runs it over fuzz/corpus/NAME/, so what once broke stays a test of every build.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/*_fuzz.cpp)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${target})
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  add_executable(${target} ${source})
  memhot_warnings(${target})
  # What lies in daemon/ comes with the shared library.
  target_link_libraries(${target} PRIVATE $<IF:$<IN_LIST:${name},journal;policy_ini>,memhot-jobs,memhot-static>)
  if(MEMHOT_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    # As a test only a short run; new inputs and crashes stay in the build tree. For a long one:
    # build/fuzz/tests/NAME_fuzz -max_total_time=600 DIRECTORY-FOR-FINDS tests/fuzz/corpus/NAME
    set(finds ${CMAKE_CURRENT_BINARY_DIR}/fuzz-finds/${name})
    file(MAKE_DIRECTORY ${finds})
    add_test(NAME fuzz.${name}
      COMMAND ${target} -max_total_time=20 -timeout=10 -artifact_prefix=${finds}/ ${finds} ${corpus})
  else()
    target_sources(${target} PRIVATE fuzz/replay_main.cpp)
    add_test(NAME fuzz.${name} COMMAND ${target} ${corpus})
  endif()
  set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 600)
endforeach()
