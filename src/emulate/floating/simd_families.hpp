// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of add_simd() and add_x87().
#pragma once

#include "emulate/core/opcode_table.hpp"

namespace windsor::emulate {

void add_simd_moves(OpcodeTable& table); // whole-register moves without a stub
void add_simd_misc(OpcodeTable& table);  // masked moves, fences, prefetches, CRC32, MXCSR
void add_fx_save(OpcodeTable& table);    // FXSAVE, FXRSTOR
void add_xsave(OpcodeTable& table);      // XSAVE, XRSTOR, XGETBV and their like
void add_avx(OpcodeTable& table);        // AVX, AVX2, FMA, F16C
void add_x87_control(OpcodeTable& table); // FLDCW, FNSTENV and their like

// The forms of MOVSD with memory.
Handler select_movsd_memory(const Decoded& decoded);

} // namespace windsor::emulate
