# One room, one folder, one library: `cairn_room(ledger LINKS cairn_core)` makes cairn_ledger of every
# source here, and ledger_test of every *_test.cpp beside it.

add_library(cairn_flags INTERFACE)
target_compile_options(cairn_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    # g++ 12 warns of code of its own library, inlined: variants, and the comparison of byte vectors.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>
    # In a unity build every source is an included file, and its own types may well be private to it.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
target_include_directories(cairn_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(cairn_flags INTERFACE Threads::Threads)
if(CAIRN_SANITIZE)
    target_compile_options(cairn_flags INTERFACE
        -fsanitize=${CAIRN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(cairn_flags INTERFACE -fsanitize=${CAIRN_SANITIZE})
    target_compile_definitions(cairn_flags INTERFACE CAIRN_DEBUG_ENSURE)
endif()
if(CAIRN_COVERAGE)
    target_compile_options(cairn_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(cairn_flags INTERFACE --coverage)
endif()

if(CAIRN_TESTS)
    # Tests are compiled without optimising: a body full of expectations costs the compiler twice as
    # much with it, and what is to be quick stands in the libraries.
    add_library(cairn_test_flags INTERFACE)
    target_compile_options(cairn_test_flags INTERFACE -O0)
    # GoogleTest and the standard headers once, for every test file: 2.1 s becomes 0.5 s each.
    file(WRITE ${CMAKE_BINARY_DIR}/pch_anchor.cpp "")
    add_library(cairn_test_pch STATIC ${CMAKE_BINARY_DIR}/pch_anchor.cpp)
    target_link_libraries(cairn_test_pch PUBLIC cairn_flags cairn_test_flags GTest::gtest GTest::gmock)
    target_precompile_headers(cairn_test_pch PRIVATE
        <gtest/gtest.h> <algorithm> <array> <functional> <map> <memory> <optional> <span> <string> <vector>)
endif()

# `OPTIMISED`: tests that work hard themselves.
function(cairn_tests name)
    cmake_parse_arguments(ARG "OPTIMISED" "" "SOURCES;LINKS" ${ARGN})
    if(CAIRN_TESTS AND ARG_SOURCES)
        add_executable(${name} ${ARG_SOURCES})
        target_link_libraries(${name} PRIVATE ${ARG_LINKS} cairn_flags GTest::gmock GTest::gtest_main)
        if(NOT ARG_OPTIMISED)
            target_link_libraries(${name} PRIVATE cairn_test_flags)
            target_precompile_headers(${name} REUSE_FROM cairn_test_pch)
        endif()
        target_compile_definitions(${name} PRIVATE CAIRN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        add_test(NAME ${name} COMMAND ${name})
    endif()
endfunction()

# Eight sources are compiled as one (CMAKE_UNITY_BUILD, in the presets): most of a source's time goes
# into headers and templates that its neighbours need as well. So names in anonymous namespaces are
# unique within a room; tests that have a name of a neighbour's are named by `TESTS_APART`.
#
# `EXCLUDE workers` leaves out a subfolder that is a library of its own.
function(cairn_room name)
    cmake_parse_arguments(ARG "" "EXCLUDE" "LINKS;TEST_LINKS;TESTS_APART" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
    if(ARG_EXCLUDE)
        list(FILTER sources EXCLUDE REGEX "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_EXCLUDE}/")
    endif()
    if(NOT sources)
        return()
    endif()
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    set_source_files_properties(${ARG_TESTS_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    add_library(cairn_${name} STATIC ${sources})
    target_link_libraries(cairn_${name} PUBLIC cairn_flags ${ARG_LINKS})
    cairn_tests(${name}_test SOURCES ${tests} LINKS cairn_${name} ${ARG_TEST_LINKS})
endfunction()
