// SPDX-License-Identifier: GPL-2.0-or-later
// Which instructions emitted code may hold: a list of what is allowed, not of what is forbidden.
#pragma once

#include <cstdint>

#include <Zydis/Zydis.h>

namespace windsor::translate::verify {

// Neither privileged nor a system call, touches no segment, control or host state, and has no memory operand that its
// encoding does not name, but for string instructions.
bool is_allowed(const ZydisDecodedInstruction& decoded);
// Returns the units that the instruction works on without an operand that says so.
std::uint8_t implied_units(const ZydisDecodedInstruction& decoded);

// 32-bit results that may leave the upper half of the register as it was: those that are not always written.
bool keeps_upper_half(std::uint16_t mnemonic);
// Tells whether this is an SSE instruction whose 16 bytes in memory need not be aligned.
bool moves_unaligned(std::uint16_t mnemonic);
// Tells whether this is an AVX instruction whose operand in memory must be aligned.
bool moves_aligned_vex(std::uint16_t mnemonic);

} // namespace windsor::translate::verify
