// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/operands.hpp"
#include "translate/emit/writers.hpp"

namespace windsor::translate {

namespace {

// Loads the target of an indirect jump or call into kTemp0.
void load_target(Parts& p, const Instruction& i, std::uint32_t exit)
{
    if (i.memory != nullptr) {
        p.memory.load_operand(kTemp0, i, exit);
    } else {
        p.a.load_guest(kTemp0, full_number(i.operands[0].reg.value), p.word());
    }
}

} // namespace

Written write_jump(Parts& p, const Instruction& i)
{
    p.edges.edge(i.direct_target(), i.live_after);
    return Written::Natively;
}

Written write_conditional(Parts& p, const Instruction& i)
{
    p.flags.bring_for(i);
    const auto condition = static_cast<Cond>(i.decoded.opcode & 15); // the opcodes are 70+cc and 0F 80+cc
    p.edges.edge_at(p.a.jcc(condition), i.direct_target(), i.live_after);
    return Written::Natively;
}

Written write_count_zero(Parts& p, const Instruction& i)
{
    std::uint8_t* zero = p.a.jrcxz(i.decoded.address_width == 64 ? Width::Qword : Width::Dword);
    std::uint8_t* not_zero = p.a.jmp();
    p.a.bind_short(zero);
    p.edges.edge_at(p.a.jmp(), i.direct_target(), i.live_after);
    p.a.bind(not_zero);
    return Written::Natively;
}

Written write_call(Parts& p, const Instruction& i)
{
    p.memory.begin_access(i, TouchesStack::Yes);
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    p.memory.push_value(i.next(), Moves::WithBlock, exit);
    p.edges.edge(i.direct_target(), i.live_after);
    p.cold.resumes(exit);
    return Written::Natively;
}

// The frame keeps the code that a call leads to, because the push of the return address needs both temporaries.
Written write_indirect(Parts& p, const Instruction& i)
{
    if (i.memory != nullptr && !can_address(p.progress.context, i)) {
        return Written::ForInterpreter;
    }
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    load_target(p, i, exit);
    p.edges.find_jump(exit);
    if (i.kind == Kind::JumpIndirect) {
        p.a.jmp(p.edges.found_code());
    } else {
        const Mem target = p.a.cell(&p.shop.frame.target);
        p.a.load(kTemp1, p.edges.found_code());
        p.a.store(target, kTemp1);
        p.memory.push_value(i.next(), Moves::WithBlock, exit);
        p.a.jmp(target);
    }
    p.cold.resumes(exit);
    return Written::Natively;
}

Written write_return(Parts& p, const Instruction& i)
{
    const std::int32_t size = p.progress.word_bytes();
    const bool releases = i.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    const auto released = releases ? static_cast<std::int32_t>(i.operands[0].imm.value.u) : 0;
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    const Mem top = p.memory.stack(0, {.size = static_cast<unsigned>(size)}, exit);
    p.attribution.may_be_refused();
    p.a.load(kTemp0, top, p.word());
    p.edges.find_jump(exit);
    p.a.move_stack_pointer(size + released, p.word());
    p.a.jmp(p.edges.found_code());
    p.cold.resumes(exit);
    return Written::Natively;
}

} // namespace windsor::translate
