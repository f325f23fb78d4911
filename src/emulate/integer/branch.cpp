// SPDX-License-Identifier: GPL-2.0-or-later
// Near branches: Jcc JMP CALL RET LOOP JCXZ. The operand size cuts the new RIP.
#include "emulate/core/conditions.hpp"
#include "emulate/core/operands.hpp"

namespace windsor::emulate {

namespace {

template <typename T> std::uint64_t relative(const Cpu& cpu, const Insn& insn)
{
    return static_cast<T>(cpu.s.rip + insn.length + insn.immediate);
}

// A branch not taken goes on as a jump to the next instruction: the run loop knows that nothing else has changed.
Outcome fall_through(Cpu& cpu, const Insn& insn)
{
    cpu.s.rip = cpu.next_rip(insn);
    return Outcome::Jump;
}

template <typename T, unsigned code> Outcome jcc(Cpu& cpu, const Insn& insn)
{
    if (!condition<code>(cpu.s.rflags)) {
        return fall_through(cpu, insn);
    }
    return cpu.jump(relative<T>(cpu, insn));
}

template <unsigned code> Handler select_jcc(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return by_wide_width(insn.operand_size, []<typename T>() -> Handler { return jcc<T, code>; });
}

template <typename T> Outcome jmp_relative(Cpu& cpu, const Insn& insn)
{
    return cpu.jump(relative<T>(cpu, insn));
}

template <typename T> Outcome jmp_reg(Cpu& cpu, const Insn& insn)
{
    return cpu.jump(get<T>(cpu, insn.reg));
}

template <typename T> Outcome jmp_mem(Cpu& cpu, const Insn& insn)
{
    T target = 0;
    return load<T>(cpu, insn, target) ? cpu.jump(target) : Outcome::Fault;
}

// The target is checked before the return address goes to the stack, and RIP moves only when both went well.
template <typename T> Outcome call_to(Cpu& cpu, const Insn& insn, std::uint64_t target)
{
    const std::uint64_t here = cpu.s.rip;
    const auto back = static_cast<T>(cpu.next_rip(insn));
    if (cpu.jump(target) == Outcome::Fault) {
        return Outcome::Fault;
    }
    if (!cpu.push<T>(back)) {
        cpu.s.rip = here;
        return Outcome::Fault;
    }
    return Outcome::Jump;
}

template <typename T> Outcome call_relative(Cpu& cpu, const Insn& insn)
{
    return call_to<T>(cpu, insn, relative<T>(cpu, insn));
}

template <typename T> Outcome call_reg(Cpu& cpu, const Insn& insn)
{
    return call_to<T>(cpu, insn, get<T>(cpu, insn.reg));
}

template <typename T> Outcome call_mem(Cpu& cpu, const Insn& insn)
{
    T target = 0;
    return load<T>(cpu, insn, target) ? call_to<T>(cpu, insn, target) : Outcome::Fault;
}

template <typename T> Outcome ret(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t before = cpu.s.gpr[x86::kRsp];
    T target = 0;
    if (!cpu.pop<T>(target)) {
        return Outcome::Fault;
    }
    if (cpu.jump(target) == Outcome::Fault) {
        cpu.s.gpr[x86::kRsp] = before;
        return Outcome::Fault;
    }
    const std::uint64_t mask = cpu.stack_mask();
    const std::uint64_t sp = cpu.s.gpr[x86::kRsp];
    cpu.s.gpr[x86::kRsp] = (sp & ~mask) | ((sp + insn.immediate) & mask);
    return Outcome::Jump;
}

bool is_far(const Decoded& decoded)
{
    return decoded.instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

Handler select_jmp(const Decoded& decoded, Insn& insn)
{
    insn.ends_block = true;
    if (is_far(decoded)) {
        return select_far_branch(decoded, insn);
    }
    const Form form = arrange(decoded, insn);
    return by_wide_width(insn.operand_size, [form]<typename T>() -> Handler {
        return form == Form::Reg ? jmp_reg<T> : form == Form::Mem ? jmp_mem<T> : jmp_relative<T>;
    });
}

Handler select_call(const Decoded& decoded, Insn& insn)
{
    insn.ends_block = true;
    if (is_far(decoded)) {
        return select_far_branch(decoded, insn);
    }
    const Form form = arrange(decoded, insn);
    return by_wide_width(insn.operand_size, [form]<typename T>() -> Handler {
        return form == Form::Reg ? call_reg<T> : form == Form::Mem ? call_mem<T> : call_relative<T>;
    });
}

Handler select_ret(const Decoded& decoded, Insn& insn)
{
    insn.ends_block = true;
    if (is_far(decoded)) {
        return select_far_branch(decoded, insn);
    }
    return by_wide_width(insn.operand_size, []<typename T>() -> Handler { return ret<T>; });
}

// What LOOP does besides counting: nothing, or a look at ZF.
enum class LoopIf : std::uint8_t { Always, Zero, NotZero };

template <typename Count, LoopIf when> Outcome loop(Cpu& cpu, const Insn& insn)
{
    const auto left = static_cast<Count>(cpu.s.gpr[x86::kRcx] - 1);
    const bool zero = (cpu.s.rflags & x86::rflags::kZf) != 0;
    const bool taken = left != 0 && (when == LoopIf::Always || zero == (when == LoopIf::Zero));
    if (!taken) {
        cpu.set_reg<Count>(x86::kRcx, left);
        return fall_through(cpu, insn);
    }
    const std::uint64_t target = cpu.s.rip + insn.length + insn.immediate;
    const Outcome outcome = cpu.jump(insn.operand_size == 8   ? target
                                     : insn.operand_size == 4 ? target & 0xffffffff
                                                              : target & 0xffff);
    if (outcome != Outcome::Fault) {
        cpu.set_reg<Count>(x86::kRcx, left);
    }
    return outcome;
}

template <LoopIf when> Handler select_loop(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return by_wide_width(insn.address_size, []<typename T>() -> Handler { return loop<T, when>; });
}

template <typename Count> Outcome jump_if_no_count(Cpu& cpu, const Insn& insn)
{
    if (cpu.reg<Count>(x86::kRcx) != 0) {
        return fall_through(cpu, insn);
    }
    const std::uint64_t target = cpu.s.rip + insn.length + insn.immediate;
    return cpu.jump(insn.operand_size == 8 ? target : insn.operand_size == 4 ? target & 0xffffffff : target & 0xffff);
}

Handler select_jcxz(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return by_wide_width(insn.address_size, []<typename T>() -> Handler { return jump_if_no_count<T>; });
}

} // namespace

void add_branches(OpcodeTable& table)
{
    for_each_condition(kJumps, [&](ZydisMnemonic mnemonic, auto code) { table.set(mnemonic, select_jcc<code()>); });
    table.set(ZYDIS_MNEMONIC_JMP, select_jmp);
    table.set(ZYDIS_MNEMONIC_CALL, select_call);
    table.set(ZYDIS_MNEMONIC_RET, select_ret);
    table.set(ZYDIS_MNEMONIC_LOOP, select_loop<LoopIf::Always>);
    table.set(ZYDIS_MNEMONIC_LOOPE, select_loop<LoopIf::Zero>);
    table.set(ZYDIS_MNEMONIC_LOOPNE, select_loop<LoopIf::NotZero>);
    for (const auto mnemonic : {ZYDIS_MNEMONIC_JCXZ, ZYDIS_MNEMONIC_JECXZ, ZYDIS_MNEMONIC_JRCXZ}) {
        table.set(mnemonic, select_jcxz);
    }
}

} // namespace windsor::emulate
