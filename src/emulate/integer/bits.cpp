// SPDX-License-Identifier: GPL-2.0-or-later
// BT BTS BTR BTC BSF BSR POPCNT LZCNT TZCNT.
#include "emulate/core/operands.hpp"
#include "emulate/integer/alu.hpp"

#include <type_traits>

namespace windsor::emulate {

namespace {

template <typename Op> constexpr bool kChanges = !std::is_same_v<Op, alu::Bt>;

template <typename Op, typename T> void bit_of_register(Cpu& cpu, const Insn& insn, T bit)
{
    const T result = Op::template apply<T>(get<T>(cpu, insn.reg), bit, cpu.s.rflags);
    if constexpr (kChanges<Op>) {
        put<T>(cpu, insn.reg, result);
    }
}

template <typename Op, typename T> Outcome bit_reg_reg(Cpu& cpu, const Insn& insn)
{
    bit_of_register<Op, T>(cpu, insn, get<T>(cpu, insn.rm));
    return Outcome::Next;
}

template <typename Op, typename T> Outcome bit_reg_imm(Cpu& cpu, const Insn& insn)
{
    bit_of_register<Op, T>(cpu, insn, static_cast<T>(insn.immediate & 0xff));
    return Outcome::Next;
}

template <typename Op, typename T> Outcome bit_of_memory(Cpu& cpu, const Insn& insn, std::uint64_t offset, T bit)
{
    std::uint64_t flags = cpu.s.rflags;
    if constexpr (kChanges<Op>) {
        const bool done = modify_at<T>(cpu, insn.segment, offset, lock_of(insn), [&](T old) {
            flags = cpu.s.rflags;
            return Op::template apply<T>(old, bit, flags);
        });
        if (!done) {
            return Outcome::Fault;
        }
    } else {
        T value = 0;
        if (!cpu.read<T>(insn.segment, offset, value)) {
            return Outcome::Fault;
        }
        Op::template apply<T>(value, bit, flags);
    }
    cpu.s.rflags = flags;
    return Outcome::Next;
}

// A bit offset in a register is signed, and may lead beyond the operand, before or behind it.
template <typename Op, typename T> Outcome bit_mem_reg(Cpu& cpu, const Insn& insn)
{
    constexpr unsigned kShift = sizeof(T) == 8 ? 6 : sizeof(T) == 4 ? 5 : 4;
    const auto bit = static_cast<std::make_signed_t<T>>(get<T>(cpu, insn.reg));
    const std::int64_t units = static_cast<std::int64_t>(bit) >> kShift;
    std::uint64_t offset = cpu.effective_address(insn) + static_cast<std::uint64_t>(units) * sizeof(T);
    offset &= insn.address_size == 8 ? ~std::uint64_t{0} : insn.address_size == 4 ? 0xffffffff : 0xffff;
    return bit_of_memory<Op, T>(cpu, insn, offset, static_cast<T>(bit));
}

template <typename Op, typename T> Outcome bit_mem_imm(Cpu& cpu, const Insn& insn)
{
    return bit_of_memory<Op, T>(cpu, insn, cpu.effective_address(insn), static_cast<T>(insn.immediate & 0xff));
}

template <typename Op> Handler select_bit(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_wide_width(width_of(decoded), [form]<typename T>() -> Handler {
        switch (form) {
        case Form::RegReg: return bit_reg_reg<Op, T>;
        case Form::RegImm: return bit_reg_imm<Op, T>;
        case Form::MemReg: return bit_mem_reg<Op, T>;
        case Form::MemImm: return bit_mem_imm<Op, T>;
        default: return nullptr;
        }
    });
}

// BSF and BSR of zero leave the destination as it was; the host's own instruction does the same with the old value
// in its destination. A 32-bit destination then keeps its upper half as well.
template <typename Op, typename T, bool kKeepsOnZero> void scan_value(Cpu& cpu, const Insn& insn, T value)
{
    const T result = Op::template apply<T>(get<T>(cpu, insn.reg), value, cpu.s.rflags);
    if (!kKeepsOnZero || value != 0) {
        put<T>(cpu, insn.reg, result);
    }
}

template <typename Op, typename T, bool kKeepsOnZero> Outcome scan_reg(Cpu& cpu, const Insn& insn)
{
    scan_value<Op, T, kKeepsOnZero>(cpu, insn, get<T>(cpu, insn.rm));
    return Outcome::Next;
}

template <typename Op, typename T, bool kKeepsOnZero> Outcome scan_mem(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    if (!load<T>(cpu, insn, value)) {
        return Outcome::Fault;
    }
    scan_value<Op, T, kKeepsOnZero>(cpu, insn, value);
    return Outcome::Next;
}

template <typename Op, bool kKeepsOnZero> Handler select_scan(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_wide_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::RegReg ? scan_reg<Op, T, kKeepsOnZero> : scan_mem<Op, T, kKeepsOnZero>;
    });
}

} // namespace

void add_bits(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_BT, select_bit<alu::Bt>);
    table.set(ZYDIS_MNEMONIC_BTS, select_bit<alu::Bts>);
    table.set(ZYDIS_MNEMONIC_BTR, select_bit<alu::Btr>);
    table.set(ZYDIS_MNEMONIC_BTC, select_bit<alu::Btc>);
    table.set(ZYDIS_MNEMONIC_BSF, select_scan<alu::Bsf, true>);
    table.set(ZYDIS_MNEMONIC_BSR, select_scan<alu::Bsr, true>);
    table.set(ZYDIS_MNEMONIC_POPCNT, select_scan<alu::Popcnt, false>);
    table.set(ZYDIS_MNEMONIC_LZCNT, select_scan<alu::Lzcnt, false>);
    table.set(ZYDIS_MNEMONIC_TZCNT, select_scan<alu::Tzcnt, false>);
}

} // namespace windsor::emulate
