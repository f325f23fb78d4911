// SPDX-License-Identifier: GPL-2.0-or-later
// SHL SHR SAR ROL ROR RCL RCR SHLD SHRD. Counts are taken modulo 32, or 64 for quadwords; a count of
// zero changes nothing, flags included (but memory is still written).
#include "emulate/core/operands.hpp"
#include "emulate/integer/alu.hpp"

namespace windsor::emulate {

namespace {

template <typename T> std::uint8_t masked(std::uint64_t count)
{
    return static_cast<std::uint8_t>(count & (sizeof(T) == 8 ? 63 : 31));
}

template <bool kByCl> std::uint64_t count_of(const Cpu& cpu, const Insn& insn)
{
    return kByCl ? cpu.s.gpr[x86::kRcx] : insn.immediate;
}

template <typename Op, typename T, bool kByCl> Outcome shift_reg(Cpu& cpu, const Insn& insn)
{
    const std::uint8_t count = masked<T>(count_of<kByCl>(cpu, insn));
    const T value = get<T>(cpu, insn.reg);
    put<T>(cpu, insn.reg, count != 0 ? Op::template apply<T>(value, count, cpu.s.rflags) : value);
    return Outcome::Next;
}

template <typename Op, typename T, bool kByCl> Outcome shift_mem(Cpu& cpu, const Insn& insn)
{
    const std::uint8_t count = masked<T>(count_of<kByCl>(cpu, insn));
    std::uint64_t flags = cpu.s.rflags;
    const bool done =
        modify<T>(cpu, insn, [&](T old) { return count != 0 ? Op::template apply<T>(old, count, flags) : old; });
    if (!done) {
        return Outcome::Fault;
    }
    cpu.s.rflags = flags;
    return Outcome::Next;
}

template <typename Op> Handler select_shift(const Decoded& decoded, Insn& insn)
{
    // Operand 1 is CL, an immediate, or the 1 that the opcode implies.
    const auto& count = decoded.operands[1];
    const bool by_cl = count.type == ZYDIS_OPERAND_TYPE_REGISTER;
    const bool in_register = decoded.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
    if (in_register) {
        insn.reg = slot_of(decoded.operands[0]);
    }
    if (!by_cl) {
        insn.immediate = count.imm.value.u & 0xff;
    }
    return by_width(width_of(decoded), [=]<typename T>() -> Handler {
        if (in_register) {
            return by_cl ? shift_reg<Op, T, true> : shift_reg<Op, T, false>;
        }
        return by_cl ? shift_mem<Op, T, true> : shift_mem<Op, T, false>;
    });
}

// The second register is in rm (register form) or reg (memory form).
template <typename Op, typename T, bool kByCl> Outcome double_shift_reg(Cpu& cpu, const Insn& insn)
{
    const std::uint8_t count = masked<T>(count_of<kByCl>(cpu, insn));
    const T value = get<T>(cpu, insn.reg);
    const T other = get<T>(cpu, insn.rm);
    put<T>(cpu, insn.reg, count != 0 ? Op::template apply<T>(value, other, count, cpu.s.rflags) : value);
    return Outcome::Next;
}

template <typename Op, typename T, bool kByCl> Outcome double_shift_mem(Cpu& cpu, const Insn& insn)
{
    const std::uint8_t count = masked<T>(count_of<kByCl>(cpu, insn));
    const T other = get<T>(cpu, insn.reg);
    std::uint64_t flags = cpu.s.rflags;
    const bool done =
        modify<T>(cpu, insn, [&](T old) { return count != 0 ? Op::template apply<T>(old, other, count, flags) : old; });
    if (!done) {
        return Outcome::Fault;
    }
    cpu.s.rflags = flags;
    return Outcome::Next;
}

template <typename Op> Handler select_double_shift(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    const bool by_cl = decoded.operands[2].type == ZYDIS_OPERAND_TYPE_REGISTER;
    return by_wide_width(width_of(decoded), [=]<typename T>() -> Handler {
        if (form == Form::RegReg) {
            return by_cl ? double_shift_reg<Op, T, true> : double_shift_reg<Op, T, false>;
        }
        return by_cl ? double_shift_mem<Op, T, true> : double_shift_mem<Op, T, false>;
    });
}

} // namespace

void add_shifts(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_ROL, select_shift<alu::Rol>);
    table.set(ZYDIS_MNEMONIC_ROR, select_shift<alu::Ror>);
    table.set(ZYDIS_MNEMONIC_RCL, select_shift<alu::Rcl>);
    table.set(ZYDIS_MNEMONIC_RCR, select_shift<alu::Rcr>);
    table.set(ZYDIS_MNEMONIC_SHL, select_shift<alu::Shl>);
    table.set(ZYDIS_MNEMONIC_SHR, select_shift<alu::Shr>);
    table.set(ZYDIS_MNEMONIC_SAR, select_shift<alu::Sar>);
    table.set(ZYDIS_MNEMONIC_SHLD, select_double_shift<alu::Shld>);
    table.set(ZYDIS_MNEMONIC_SHRD, select_double_shift<alu::Shrd>);
}

} // namespace windsor::emulate
