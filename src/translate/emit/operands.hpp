// SPDX-License-Identifier: GPL-2.0-or-later
// These functions say what a memory operand of a guest instruction is made of.
#pragma once

#include "translate/decode/instruction.hpp"
#include "x86/address.hpp"

#include <cstdint>
#include <optional>

namespace windsor::translate {

// Operands with a greater displacement than this are in no group.
constexpr std::int32_t kFarDisplacement = 1 << 20;

// Tells whether translated code can address the operand. Data through CS has other rights than the flat segments.
inline bool can_address(const Context& context, const Instruction& i)
{
    return context.long64() || i.memory->mem.segment != ZYDIS_REGISTER_CS;
}

// The bases of FS and GS need not be zero.
inline bool is_thread_segment(ZydisRegister segment)
{
    return segment == ZYDIS_REGISTER_FS || segment == ZYDIS_REGISTER_GS;
}

// Tells whether the address goes by RIP, so that it moves with the block.
inline bool is_relative(const ZydisDecodedOperand& operand)
{
    return operand.mem.base == ZYDIS_REGISTER_RIP || operand.mem.base == ZYDIS_REGISTER_EIP;
}

inline std::int32_t displacement_of(const ZydisDecodedOperand& operand)
{
    return static_cast<std::int32_t>(operand.mem.disp.has_displacement ? operand.mem.disp.value : 0);
}

// Tells whether the encoding has a SIB byte without base, which Zydis 4.0 misreads if REX.B is set and the address size
// is 32 bits. SDM volume 2A, table 2-3.
bool lacks_base(const Instruction& i);

// Returns the general register of an operand that is made of one and a displacement alone.
std::optional<unsigned> sole_base(const Context& context, const Instruction& i);

// How an operand without index gets its address: from its displacement alone, or from that and RIP.
enum class Addressing : std::uint8_t { Absolute, RipRelative };

inline Addressing addressing(const ZydisDecodedOperand& operand)
{
    return is_relative(operand) ? Addressing::RipRelative : Addressing::Absolute;
}

// Returns the linear address of an operand that has neither base nor index, or RIP as its base.
x86::Linear fixed_linear(const Instruction& i, std::int64_t displacement, Addressing addressing);

// Tells whether the host faults if the operand does not lie at a multiple of its size. SDM volume 1, sections 4.1.1 and
// 14.9.
bool must_be_aligned(const Instruction& i);

} // namespace windsor::translate
