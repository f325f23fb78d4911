// SPDX-License-Identifier: GPL-2.0-or-later
// PUSH POP PUSHA POPA ENTER LEAVE.
#include "emulate/core/operands.hpp"

#include <array>

namespace windsor::emulate {

namespace {

using x86::Seg;

template <typename T> Outcome push_reg(Cpu& cpu, const Insn& insn)
{
    return cpu.push<T>(get<T>(cpu, insn.reg)) ? Outcome::Next : Outcome::Fault;
}

template <typename T> Outcome push_imm(Cpu& cpu, const Insn& insn)
{
    return cpu.push<T>(static_cast<T>(insn.immediate)) ? Outcome::Next : Outcome::Fault;
}

template <typename T> Outcome push_mem(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    return load<T>(cpu, insn, value) && cpu.push<T>(value) ? Outcome::Next : Outcome::Fault;
}

Handler select_push(const Decoded& decoded, Insn& insn)
{
    const auto& operand = decoded.operands[0];
    const bool is_register = operand.type == ZYDIS_OPERAND_TYPE_REGISTER;
    if (is_register && ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_SEGMENT) {
        return select_system_move(decoded, insn);
    }
    const Form form = arrange(decoded, insn);
    return by_wide_width(insn.operand_size, [form]<typename T>() -> Handler {
        return form == Form::Reg ? push_reg<T> : form == Form::Mem ? push_mem<T> : push_imm<T>;
    });
}

template <typename T> Outcome pop_reg(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    if (!cpu.pop<T>(value)) {
        return Outcome::Fault;
    }
    put<T>(cpu, insn.reg, value); // POP SP: the value read wins over the increment
    return Outcome::Next;
}

// An address that uses the stack pointer sees it incremented; a fault of the store takes the increment back.
template <typename T> Outcome pop_mem(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t before = cpu.s.gpr[x86::kRsp];
    T value = 0;
    if (!cpu.pop<T>(value)) {
        return Outcome::Fault;
    }
    if (!store<T>(cpu, insn, value)) {
        cpu.s.gpr[x86::kRsp] = before;
        return Outcome::Fault;
    }
    return Outcome::Next;
}

Handler select_pop(const Decoded& decoded, Insn& insn)
{
    const auto& operand = decoded.operands[0];
    const bool is_register = operand.type == ZYDIS_OPERAND_TYPE_REGISTER;
    if (is_register && ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_SEGMENT) {
        return select_system_move(decoded, insn);
    }
    const Form form = arrange(decoded, insn);
    return by_wide_width(insn.operand_size, [form]<typename T>() -> Handler {
        return form == Form::Reg ? pop_reg<T> : pop_mem<T>;
    });
}

// AX CX DX BX SP BP SI DI, downwards; SP as it was before.
template <typename T> Outcome pusha(Cpu& cpu, const Insn&)
{
    const std::uint64_t before = cpu.s.gpr[x86::kRsp];
    for (unsigned i = 0; i < 8; ++i) {
        const auto value = static_cast<T>(i == x86::kRsp ? before : cpu.s.gpr[i]);
        if (!cpu.push<T>(value)) {
            cpu.s.gpr[x86::kRsp] = before;
            return Outcome::Fault;
        }
    }
    return Outcome::Next;
}

template <typename T> Outcome popa(Cpu& cpu, const Insn&)
{
    const std::uint64_t before = cpu.s.gpr[x86::kRsp];
    std::array<T, 8> values{};
    for (unsigned i = 8; i-- > 0;) {
        if (!cpu.pop<T>(values[i])) {
            cpu.s.gpr[x86::kRsp] = before;
            return Outcome::Fault;
        }
    }
    for (unsigned i = 0; i < 8; ++i) {
        if (i != x86::kRsp) { // the image of SP is skipped
            cpu.set_reg<T>(i, values[i]);
        }
    }
    return Outcome::Next;
}

template <typename T> Outcome leave(Cpu& cpu, const Insn&)
{
    const std::uint64_t before = cpu.s.gpr[x86::kRsp];
    const std::uint64_t mask = cpu.stack_mask();
    cpu.s.gpr[x86::kRsp] = (before & ~mask) | (cpu.s.gpr[x86::kRbp] & mask);
    T value = 0;
    if (!cpu.pop<T>(value)) {
        cpu.s.gpr[x86::kRsp] = before;
        return Outcome::Fault;
    }
    cpu.set_reg<T>(x86::kRbp, value);
    return Outcome::Next;
}

// SDM volume 2A, ENTER. `level` enclosing frame pointers are copied from the caller's frame.
template <typename T> bool build_frame(Cpu& cpu, const Insn& insn, unsigned level)
{
    const std::uint64_t mask = cpu.stack_mask();
    if (!cpu.push<T>(cpu.reg<T>(x86::kRbp))) {
        return false;
    }
    const std::uint64_t frame = cpu.s.gpr[x86::kRsp];
    std::uint64_t from = cpu.s.gpr[x86::kRbp];
    for (unsigned i = 1; i < level; ++i) {
        from -= sizeof(T);
        T value = 0;
        if (!cpu.read<T>(Seg::Ss, from & mask, value) || !cpu.push<T>(value)) {
            return false;
        }
    }
    if (level > 0 && !cpu.push<T>(static_cast<T>(frame))) {
        return false;
    }
    const std::uint64_t top = (cpu.s.gpr[x86::kRsp] - (insn.immediate & 0xffff)) & mask;
    // The new top of the stack must be writable.
    T probe = 0;
    if (!cpu.read_for_write<T>(Seg::Ss, top, probe)) {
        return false;
    }
    cpu.s.gpr[x86::kRsp] = (cpu.s.gpr[x86::kRsp] & ~mask) | top;
    cpu.set_reg<T>(x86::kRbp, static_cast<T>(frame));
    return true;
}

template <typename T> Outcome enter(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t before = cpu.s.gpr[x86::kRsp];
    if (!build_frame<T>(cpu, insn, insn.extra & 31u)) {
        cpu.s.gpr[x86::kRsp] = before;
        return Outcome::Fault;
    }
    return Outcome::Next;
}

Handler select_enter(const Decoded& decoded, Insn& insn)
{
    insn.immediate = decoded.operands[0].imm.value.u;
    insn.extra = static_cast<std::uint8_t>(decoded.operands[1].imm.value.u);
    return by_wide_width(insn.operand_size, []<typename T>() -> Handler { return enter<T>; });
}

Handler select_leave(const Decoded&, Insn& insn)
{
    return by_wide_width(insn.operand_size, []<typename T>() -> Handler { return leave<T>; });
}

} // namespace

void add_stack(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_PUSH, select_push);
    table.set(ZYDIS_MNEMONIC_POP, select_pop);
    table.set(ZYDIS_MNEMONIC_PUSHA, select_plain<pusha<std::uint16_t>>);
    table.set(ZYDIS_MNEMONIC_PUSHAD, select_plain<pusha<std::uint32_t>>);
    table.set(ZYDIS_MNEMONIC_POPA, select_plain<popa<std::uint16_t>>);
    table.set(ZYDIS_MNEMONIC_POPAD, select_plain<popa<std::uint32_t>>);
    table.set(ZYDIS_MNEMONIC_ENTER, select_enter);
    table.set(ZYDIS_MNEMONIC_LEAVE, select_leave);
}

} // namespace windsor::emulate
