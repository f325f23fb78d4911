# SPDX-License-Identifier: GPL-2.0-or-later
# The warning set of the NOVA microhypervisor.
include(CheckCXXCompilerFlag)

# The presets of developers and ./test turn this on. Whoever only wants to run Windsor may have a compiler that warns of
# more than those that Windsor is developed with.
option(WINDSOR_WERROR "Make every warning an error" OFF)
set(werror)
if(WINDSOR_WERROR)
  set(werror -Werror)
endif()

add_library(windsor_warnings INTERFACE)
foreach(flag
    -Wall -Wextra ${werror}
    -Walloca -Wcast-align -Wcast-qual -Wconversion -Wctor-dtor-privacy -Wdeprecated-copy-dtor
    -Wduplicated-cond -Wextra-semi -Wformat=2 -Wlogical-op -Wmismatched-tags
    -Wmissing-format-attribute -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
    -Wpacked -Wpointer-arith -Wredundant-decls -Wredundant-tags -Wshadow -Wsuggest-override
    -Wvla -Wvolatile -Wwrite-strings -Wzero-as-null-pointer-constant)
  string(MAKE_C_IDENTIFIER "have${flag}" have)
  check_cxx_compiler_flag(${flag} ${have})
  if(${have})
    target_compile_options(windsor_warnings INTERFACE ${flag})
  endif()
endforeach()

# clang counts sign conversions among -Wconversion, GCC does not.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(windsor_warnings INTERFACE -Wno-sign-conversion)
endif()

# From GCC 13 on these two take libstdc++'s vectors for too short where their lengths are not known: false alarms, which
# stay warnings. The sanitized build finds the true ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(windsor_warnings INTERFACE -Wno-error=array-bounds -Wno-error=stringop-overflow)
endif()
