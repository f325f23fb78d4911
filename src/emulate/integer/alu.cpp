// SPDX-License-Identifier: GPL-2.0-or-later
// ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NEG NOT.
#include "emulate/integer/alu.hpp"
#include "emulate/core/operands.hpp"

namespace windsor::emulate {

namespace {

template <typename Op, typename T> Outcome reg_reg(Cpu& cpu, const Insn& insn)
{
    const T result = Op::template apply<T>(get<T>(cpu, insn.reg), get<T>(cpu, insn.rm), cpu.s.rflags);
    if constexpr (Op::kStores) {
        put<T>(cpu, insn.reg, result);
    }
    return Outcome::Next;
}

template <typename Op, typename T> Outcome reg_imm(Cpu& cpu, const Insn& insn)
{
    const T result = Op::template apply<T>(get<T>(cpu, insn.reg), static_cast<T>(insn.immediate), cpu.s.rflags);
    if constexpr (Op::kStores) {
        put<T>(cpu, insn.reg, result);
    }
    return Outcome::Next;
}

template <typename Op, typename T> Outcome reg_mem(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    if (!load<T>(cpu, insn, value)) [[unlikely]] {
        return Outcome::Fault;
    }
    const T result = Op::template apply<T>(get<T>(cpu, insn.reg), value, cpu.s.rflags);
    if constexpr (Op::kStores) {
        put<T>(cpu, insn.reg, result);
    }
    return Outcome::Next;
}

template <typename Op, typename T> Outcome change_memory(Cpu& cpu, const Insn& insn, T operand)
{
    if constexpr (Op::kStores) {
        std::uint64_t flags = 0;
        const bool done = modify<T>(cpu, insn, [&](T old) {
            flags = cpu.s.rflags;
            return Op::template apply<T>(old, operand, flags);
        });
        if (!done) [[unlikely]] {
            return Outcome::Fault;
        }
        cpu.s.rflags = flags;
    } else {
        T value = 0;
        if (!load<T>(cpu, insn, value)) [[unlikely]] {
            return Outcome::Fault;
        }
        Op::template apply<T>(value, operand, cpu.s.rflags);
    }
    return Outcome::Next;
}

template <typename Op, typename T> Outcome mem_reg(Cpu& cpu, const Insn& insn)
{
    return change_memory<Op, T>(cpu, insn, get<T>(cpu, insn.reg));
}

template <typename Op, typename T> Outcome mem_imm(Cpu& cpu, const Insn& insn)
{
    return change_memory<Op, T>(cpu, insn, static_cast<T>(insn.immediate));
}

template <typename Op> Handler select_binary(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_width(width_of(decoded), [form]<typename T>() -> Handler {
        switch (form) {
        case Form::RegReg: return reg_reg<Op, T>;
        case Form::RegMem: return reg_mem<Op, T>;
        case Form::MemReg: return mem_reg<Op, T>;
        case Form::RegImm: return reg_imm<Op, T>;
        case Form::MemImm: return mem_imm<Op, T>;
        default: return nullptr;
        }
    });
}

template <typename Op, typename T> Outcome unary_reg(Cpu& cpu, const Insn& insn)
{
    put<T>(cpu, insn.reg, Op::template apply<T>(get<T>(cpu, insn.reg), cpu.s.rflags));
    return Outcome::Next;
}

template <typename Op, typename T> Outcome unary_mem(Cpu& cpu, const Insn& insn)
{
    std::uint64_t flags = 0;
    const bool done = modify<T>(cpu, insn, [&](T old) {
        flags = cpu.s.rflags;
        return Op::template apply<T>(old, flags);
    });
    if (!done) [[unlikely]] {
        return Outcome::Fault;
    }
    cpu.s.rflags = flags;
    return Outcome::Next;
}

template <typename Op> Handler select_unary(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::Reg ? unary_reg<Op, T> : unary_mem<Op, T>;
    });
}

} // namespace

void add_alu(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_ADD, select_binary<alu::Add>);
    table.set(ZYDIS_MNEMONIC_OR, select_binary<alu::Or>);
    table.set(ZYDIS_MNEMONIC_ADC, select_binary<alu::Adc>);
    table.set(ZYDIS_MNEMONIC_SBB, select_binary<alu::Sbb>);
    table.set(ZYDIS_MNEMONIC_AND, select_binary<alu::And>);
    table.set(ZYDIS_MNEMONIC_SUB, select_binary<alu::Sub>);
    table.set(ZYDIS_MNEMONIC_XOR, select_binary<alu::Xor>);
    table.set(ZYDIS_MNEMONIC_CMP, select_binary<alu::Cmp>);
    table.set(ZYDIS_MNEMONIC_TEST, select_binary<alu::Test>);
    table.set(ZYDIS_MNEMONIC_INC, select_unary<alu::Inc>);
    table.set(ZYDIS_MNEMONIC_DEC, select_unary<alu::Dec>);
    table.set(ZYDIS_MNEMONIC_NEG, select_unary<alu::Neg>);
    table.set(ZYDIS_MNEMONIC_NOT, select_unary<alu::Not>);
}

} // namespace windsor::emulate
