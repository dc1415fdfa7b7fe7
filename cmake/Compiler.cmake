# SPDX-License-Identifier: GPL-2.0-or-later
#
# Warnings of the project's own targets, sanitizers of everything, ccache where there is one.
# Third-party headers are SYSTEM (imported targets), so warnings are only ever about this project.

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(MEMHOT_CCACHE ccache)
  mark_as_advanced(MEMHOT_CCACHE)
  if(MEMHOT_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MEMHOT_CCACHE})
  endif()
endif()

function(memhot_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wsign-conversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports overlapping copies inside std::string's operator+ that are none (GCC PR105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
    # g++ 12 at -O3 takes what `c ? value : std::nullopt` leaves out for uninitialised (GCC PR80635): shown, no error.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Wno-error=maybe-uninitialized>)
    if(MEMHOT_SANITIZE)
      # g++'s manual: sanitizers lead to false reports of this one; it also looks at every build without them.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
  else()
    # clang blames the caller for std::get_temporary_buffer inside libstdc++ 12's own std::stable_sort.
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations)
  endif()
endfunction()

if(MEMHOT_SANITIZE)
  add_compile_options(-fsanitize=${MEMHOT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MEMHOT_SANITIZE})
endif()
if(MEMHOT_FUZZ)
  # Everything reports its branches to the fuzzer; only the targets themselves link its main().
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(MEMHOT_COVERAGE)
  add_compile_options(--coverage -fprofile-abs-path)
  add_link_options(--coverage)
endif()
