# SPDX-License-Identifier: GPL-2.0-or-later

# windsor_folder(NAME SUITES [USES folder...] [LIBRARIES target...])
#
# A folder of test code: each of its own folders becomes a library of objects, windsor_NAME_FOLDER, that test programs
# are linked with. Nothing is made of it for the product.
function(windsor_suites name)
  cmake_parse_arguments(arg "SUITES" "" "USES;LIBRARIES" ${ARGN})
  list(TRANSFORM arg_USES PREPEND windsor_)
  add_library(windsor_${name} INTERFACE)
  target_include_directories(windsor_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(windsor_${name} INTERFACE ${arg_USES} ${arg_LIBRARIES})
  file(GLOB folders RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *)
  foreach(folder ${folders})
    if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
      file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
      add_library(windsor_${name}_${folder} OBJECT EXCLUDE_FROM_ALL ${sources})
      target_link_libraries(windsor_${name}_${folder} PUBLIC windsor_${name} PRIVATE windsor_warnings GTest::gmock)
    endif()
  endforeach()
endfunction()

# windsor_folder(NAME [CHIPS_ALONE] [USES folder...] [TESTS_USE folder...] [LIBRARIES target...])
#
# Makes the library of one folder of src/ from the sources that lie in it, its unit tests
# (*_test.cpp) as NAME_test, and each *_fuzz.cpp as a fuzz target of its own.
# USES names the folders whose headers this one may include, TESTS_USE those that only its tests and fuzz targets may.
# CHIPS_ALONE: its tests and fuzz targets use chips on one thread and without a machine, so that there is no machine lock
# to be held, and clang's analysis of locks does not ask for it there.
function(windsor_folder name)
  if("SUITES" IN_LIST ARGN)
    windsor_suites(${name} ${ARGN})
    return()
  endif()
  cmake_parse_arguments(arg "CHIPS_ALONE" "" "USES;TESTS_USE;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$")

  set(alone)
  if(arg_CHIPS_ALONE)
    set(alone -Wno-thread-safety-analysis)
  endif()

  list(TRANSFORM arg_USES PREPEND windsor_)
  list(TRANSFORM arg_TESTS_USE PREPEND windsor_)
  if(sources)
    add_library(windsor_${name} STATIC ${sources})
    target_include_directories(windsor_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(windsor_${name} PUBLIC ${arg_USES} ${arg_LIBRARIES} PRIVATE windsor_warnings)
  else()
    add_library(windsor_${name} INTERFACE)
    target_include_directories(windsor_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(windsor_${name} INTERFACE ${arg_USES} ${arg_LIBRARIES})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE windsor_${name} ${arg_TESTS_USE} windsor_warnings GTest::gmock GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE ${alone})
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT 300 LABELS fast)
  endif()

  if(WINDSOR_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(target ${fuzzer} NAME_WE)
      add_executable(${target} ${fuzzer})
      add_dependencies(fuzzers ${target})
      target_compile_options(${target} PRIVATE ${alone})
      target_link_libraries(${target} PRIVATE windsor_${name} ${arg_TESTS_USE} windsor_warnings GTest::gtest -fsanitize=fuzzer)
      add_test(NAME fuzz/${target} COMMAND ${target} -max_total_time=${WINDSOR_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048)
      set_tests_properties(fuzz/${target} PROPERTIES LABELS fuzz TIMEOUT 300)
    endforeach()
  endif()
endfunction()
