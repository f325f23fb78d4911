// SPDX-License-Identifier: GPL-2.0-or-later
// DAA DAS AAA AAS AAM AAD. SDM volume 2A. These do not exist in 64-bit mode, so the host cannot run them.
#include "emulate/core/operands.hpp"
#include "emulate/integer/alu.hpp"

namespace windsor::emulate {

namespace {

namespace f = x86::rflags;

std::uint64_t result_flags(std::uint8_t value)
{
    std::uint64_t flags = 0;
    alu::Test::apply<std::uint8_t>(value, value, flags);
    return flags & (f::kSf | f::kZf | f::kPf);
}

template <bool kSubtract> Outcome decimal_adjust(Cpu& cpu, const Insn&)
{
    const auto old = cpu.reg<std::uint8_t>(x86::kRax);
    const bool old_carry = (cpu.s.rflags & f::kCf) != 0;
    const bool low = (old & 15) > 9 || (cpu.s.rflags & f::kAf) != 0;
    const bool high = old > 0x99 || old_carry;
    unsigned value = old;
    bool carry = high;
    if (low) {
        value = kSubtract ? value - 6 : value + 6;
        if (kSubtract) {
            carry = carry || old < 6;
        }
    }
    if (high) {
        value = kSubtract ? value - 0x60 : value + 0x60;
    }
    const auto result = static_cast<std::uint8_t>(value);
    cpu.set_reg<std::uint8_t>(x86::kRax, result);
    replace_flags(cpu.s.rflags, f::kArithmetic, result_flags(result) | (low ? f::kAf : 0) | (carry ? f::kCf : 0));
    return Outcome::Next;
}

template <bool kSubtract> Outcome ascii_adjust(Cpu& cpu, const Insn&)
{
    const auto old = cpu.reg<std::uint16_t>(x86::kRax);
    const bool adjust = (old & 15) > 9 || (cpu.s.rflags & f::kAf) != 0;
    auto value = static_cast<unsigned>(old);
    if (adjust) {
        value = kSubtract ? value - 0x106 : value + 0x106;
    }
    const auto result = static_cast<std::uint16_t>(value & 0xff0f);
    cpu.set_reg<std::uint16_t>(x86::kRax, result);
    replace_flags(cpu.s.rflags, f::kArithmetic,
                  result_flags(static_cast<std::uint8_t>(result)) | (adjust ? f::kAf | f::kCf : 0));
    return Outcome::Next;
}

Outcome aam(Cpu& cpu, const Insn& insn)
{
    const auto base = static_cast<std::uint8_t>(insn.immediate);
    if (base == 0) {
        return cpu.raise(x86::Exception::De);
    }
    const auto al = cpu.reg<std::uint8_t>(x86::kRax);
    const auto low = static_cast<std::uint8_t>(al % base);
    cpu.set_reg<std::uint16_t>(x86::kRax, static_cast<std::uint16_t>((al / base) << 8 | low));
    replace_flags(cpu.s.rflags, f::kArithmetic, result_flags(low));
    return Outcome::Next;
}

Outcome aad(Cpu& cpu, const Insn& insn)
{
    const auto ax = cpu.reg<std::uint16_t>(x86::kRax);
    const auto product = static_cast<std::uint8_t>((ax >> 8) * (insn.immediate & 0xff));
    // The sum's carries show in the flags that the manual leaves open.
    const auto sum = alu::Add::apply<std::uint8_t>(static_cast<std::uint8_t>(ax), product, cpu.s.rflags);
    cpu.set_reg<std::uint16_t>(x86::kRax, sum);
    return Outcome::Next;
}

} // namespace

void add_decimal(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_DAA, select_plain<decimal_adjust<false>>);
    table.set(ZYDIS_MNEMONIC_DAS, select_plain<decimal_adjust<true>>);
    table.set(ZYDIS_MNEMONIC_AAA, select_plain<ascii_adjust<false>>);
    table.set(ZYDIS_MNEMONIC_AAS, select_plain<ascii_adjust<true>>);
    table.set(ZYDIS_MNEMONIC_AAM, select_plain<aam>);
    table.set(ZYDIS_MNEMONIC_AAD, select_plain<aad>);
}

} // namespace windsor::emulate
