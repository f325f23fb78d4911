// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/operands.hpp"

#include <cstdlib>

namespace windsor::translate {

namespace {

// Tells whether an AVX instruction's operand in memory must be aligned. That of all others need not be.
bool must_be_aligned_vex(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_VMOVAPD:
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTDQA:
    case ZYDIS_MNEMONIC_VMOVNTPD:
    case ZYDIS_MNEMONIC_VMOVNTPS: return true;
    default: return false;
    }
}

} // namespace

bool lacks_base(const Instruction& i)
{
    const auto& raw = i.decoded.raw;
    return (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 && raw.modrm.mod == 0 && raw.modrm.rm == 4 &&
           raw.sib.base == 5;
}

std::optional<unsigned> sole_base(const Context& context, const Instruction& i)
{
    if (i.memory == nullptr || i.kind == Kind::BitString || !can_address(context, i) ||
        i.decoded.address_width != (context.long64() ? 64 : 32)) {
        return std::nullopt;
    }
    const auto& mem = i.memory->mem;
    const bool sole = is_general(mem.base) && mem.index == ZYDIS_REGISTER_NONE && !is_thread_segment(mem.segment) &&
                      std::abs(mem.disp.value) < kFarDisplacement;
    return sole ? std::optional{full_number(mem.base)} : std::nullopt;
}

x86::Linear fixed_linear(const Instruction& i, std::int64_t displacement, Addressing addressing)
{
    const std::uint64_t base = addressing == Addressing::RipRelative ? i.next() : 0;
    const std::uint64_t address = base + static_cast<std::uint64_t>(displacement);
    return x86::Linear{i.decoded.address_width == 64 ? address : address & 0xffffffff};
}

// All SSE instructions with operands of 16 bytes need them aligned, but for those that are named here.
bool must_be_aligned(const Instruction& i)
{
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B) {
        return true;
    }
    if (i.vex()) {
        return must_be_aligned_vex(i.decoded.mnemonic);
    }
    if (i.memory_bytes() != 16) {
        return false;
    }
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_PCMPESTRI:
    case ZYDIS_MNEMONIC_PCMPESTRM:
    case ZYDIS_MNEMONIC_PCMPISTRI:
    case ZYDIS_MNEMONIC_PCMPISTRM: return false;
    default: return true;
    }
}

} // namespace windsor::translate
