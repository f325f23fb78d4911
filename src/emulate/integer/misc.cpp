// SPDX-License-Identifier: GPL-2.0-or-later
// Flags, BOUND, and the instructions that do nothing.
#include "emulate/core/operands.hpp"

#include <type_traits>

namespace windsor::emulate {

namespace {

namespace f = x86::rflags;

template <std::uint64_t bit> Outcome set_flag(Cpu& cpu, const Insn&)
{
    cpu.s.rflags |= bit;
    return Outcome::Next;
}

template <std::uint64_t bit> Outcome clear_flag(Cpu& cpu, const Insn&)
{
    cpu.s.rflags &= ~bit;
    return Outcome::Next;
}

Outcome cmc(Cpu& cpu, const Insn&)
{
    cpu.s.rflags ^= f::kCf;
    return Outcome::Next;
}

constexpr std::uint64_t kLowFlags = f::kSf | f::kZf | f::kAf | f::kPf | f::kCf;

Outcome lahf(Cpu& cpu, const Insn&)
{
    put<std::uint8_t>(cpu, kAh, static_cast<std::uint8_t>((cpu.s.rflags & kLowFlags) | f::kFixed1));
    return Outcome::Next;
}

Outcome sahf(Cpu& cpu, const Insn&)
{
    replace_flags(cpu.s.rflags, kLowFlags, get<std::uint8_t>(cpu, kAh));
    return Outcome::Next;
}

Outcome salc(Cpu& cpu, const Insn&)
{
    cpu.set_reg<std::uint8_t>(x86::kRax, (cpu.s.rflags & f::kCf) != 0 ? 0xff : 0);
    return Outcome::Next;
}

Outcome nop(Cpu&, const Insn&)
{
    return Outcome::Next;
}

Outcome undefined(Cpu& cpu, const Insn&)
{
    return cpu.raise(x86::Exception::Ud);
}

// Faults as a byte read does, otherwise nothing: memory is coherent.
Outcome clflush(Cpu& cpu, const Insn& insn)
{
    std::uint8_t value = 0;
    return load<std::uint8_t>(cpu, insn, value) ? Outcome::Next : Outcome::Fault;
}

template <typename T> Outcome bound(Cpu& cpu, const Insn& insn)
{
    using Signed = std::make_signed_t<T>;
    const std::uint64_t offset = cpu.effective_address(insn);
    const std::uint64_t mask = insn.address_size == 4 ? 0xffffffff : 0xffff;
    T lower = 0;
    T upper = 0;
    if (!cpu.read<T>(insn.segment, offset, lower) || !cpu.read<T>(insn.segment, (offset + sizeof(T)) & mask, upper)) {
        return Outcome::Fault;
    }
    const auto index = static_cast<Signed>(get<T>(cpu, insn.reg));
    if (index < static_cast<Signed>(lower) || index > static_cast<Signed>(upper)) {
        return cpu.raise(x86::Exception::Br);
    }
    return Outcome::Next;
}

Handler select_bound(const Decoded& decoded, Insn& insn)
{
    arrange(decoded, insn);
    return by_wide_width(width_of(decoded), []<typename T>() -> Handler { return bound<T>; });
}

Handler select_undefined(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return undefined;
}

} // namespace

void add_integer_misc(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_CLC, select_plain<clear_flag<f::kCf>>);
    table.set(ZYDIS_MNEMONIC_STC, select_plain<set_flag<f::kCf>>);
    table.set(ZYDIS_MNEMONIC_CMC, select_plain<cmc>);
    table.set(ZYDIS_MNEMONIC_CLD, select_plain<clear_flag<f::kDf>>);
    table.set(ZYDIS_MNEMONIC_STD, select_plain<set_flag<f::kDf>>);
    table.set(ZYDIS_MNEMONIC_LAHF, select_plain<lahf>);
    table.set(ZYDIS_MNEMONIC_SAHF, select_plain<sahf>);
    table.set(ZYDIS_MNEMONIC_SALC, select_plain<salc>);
    table.set(ZYDIS_MNEMONIC_BOUND, select_bound);
    table.set(ZYDIS_MNEMONIC_CLFLUSH, select_plain<clflush>);
    for (const auto mnemonic :
         {ZYDIS_MNEMONIC_NOP, ZYDIS_MNEMONIC_PREFETCH, ZYDIS_MNEMONIC_PREFETCHW,
          ZYDIS_MNEMONIC_PREFETCHWT1, ZYDIS_MNEMONIC_PREFETCHT0, ZYDIS_MNEMONIC_PREFETCHT1, ZYDIS_MNEMONIC_PREFETCHT2,
          ZYDIS_MNEMONIC_PREFETCHNTA}) {
        table.set(mnemonic, select_plain<nop>);
    }
    for (const auto mnemonic : {ZYDIS_MNEMONIC_UD0, ZYDIS_MNEMONIC_UD1, ZYDIS_MNEMONIC_UD2}) {
        table.set(mnemonic, select_undefined);
    }
}

void add_integer(OpcodeTable& table)
{
    add_alu(table);
    add_moves(table);
    add_exchanges(table);
    add_shifts(table);
    add_bits(table);
    add_bmi(table);
    add_multiply(table);
    add_decimal(table);
    add_stack(table);
    add_branches(table);
    add_integer_misc(table);
}

} // namespace windsor::emulate
