# SPDX-License-Identifier: GPL-2.0-or-later
# What makes an error of the program's harder to use: addresses that nobody knows (PIE), tables of the linker that are
# read-only once the program runs (full RELRO), guards before return addresses, checked C library calls, and marks for
# indirect jumps and a second stack of return addresses where the processor has them (CET). tests/hardening reads the
# finished program. Sanitizers have checks of their own, which these would disturb.
include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)

option(WINDSOR_HARDENING "Build with the compiler's protections" ON)
if(NOT WINDSOR_HARDENING)
  return()
endif()

# Not CMAKE_POSITION_INDEPENDENT_CODE, which compiles what lies in static libraries for shared ones, and more slowly.
add_compile_options(-fPIE)
add_link_options(-pie)
add_compile_options("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>") # needs an optimizing compiler
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
  string(MAKE_C_IDENTIFIER "have${flag}" have)
  check_cxx_compiler_flag(${flag} ${have})
  if(${have})
    add_compile_options(${flag})
  endif()
endforeach()
foreach(flag relro now noexecstack separate-code)
  check_linker_flag(CXX -Wl,-z,${flag} have_z_${flag})
  if(have_z_${flag})
    add_link_options(-Wl,-z,${flag})
  endif()
endforeach()
