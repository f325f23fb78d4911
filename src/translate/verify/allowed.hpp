// SPDX-License-Identifier: GPL-2.0-or-later
// This file says which instructions emitted code may hold. It lists what is allowed, not what is forbidden.
#pragma once

#include <cstdint>

#include <Zydis/Zydis.h>

namespace windsor::translate::verify {

// Tells whether emitted code may hold the instruction: it is neither privileged nor a system call, touches no segment,
// control or host state, and has no memory operand that its encoding does not name, unless it is a string instruction.
bool is_allowed(const ZydisDecodedInstruction& decoded);
// Returns the units that the instruction works on without an operand that says so.
std::uint8_t implied_units(const ZydisDecodedInstruction& decoded);

// Tells whether a 32-bit result may leave the upper half of its register as it was, since it is not always written.
bool keeps_upper_half(std::uint16_t mnemonic);
// Tells whether this is an SSE instruction whose 16 bytes in memory need not be aligned.
bool moves_unaligned(std::uint16_t mnemonic);
// Tells whether this is an AVX instruction whose operand in memory must be aligned.
bool moves_aligned_vex(std::uint16_t mnemonic);

} // namespace windsor::translate::verify
