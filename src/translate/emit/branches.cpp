// SPDX-License-Identifier: GPL-2.0-or-later
// Jumps, calls and returns.
#include "translate/emit/translation.hpp"

namespace windsor::translate {

namespace {

std::uint64_t direct_target(const Instruction& i)
{
    return i.next() + static_cast<std::uint64_t>(i.operands[0].imm.value.s);
}

} // namespace

void Translation::conditional(const Instruction& i)
{
    bring_flags(i);
    const auto condition = static_cast<Cond>(i.decoded.opcode & 15); // 70+cc, 0F 80+cc
    edge_at(a_.jcc(condition), direct_target(i), i.live_after);
}

void Translation::count_zero(const Instruction& i)
{
    std::uint8_t* zero = a_.jrcxz(i.decoded.address_width == 64 ? Width::Qword : Width::Dword);
    std::uint8_t* not_zero = a_.jmp();
    a_.bind_short(zero);
    edge_at(a_.jmp(), direct_target(i), i.live_after);
    a_.bind(not_zero);
}

void Translation::call(const Instruction& i)
{
    begin_access(i);
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    push_address(i.next(), site);
    edge(direct_target(i), i.live_after);
    site_resumes(site);
}

// The target of an indirect jump or call in kTemp0.
void Translation::load_target(const Instruction& i, std::uint32_t site)
{
    if (i.memory == nullptr) {
        load_guest(kTemp0, full_number(i.operands[0].reg.value), word());
        return;
    }
    load_operand(kTemp0, i, site);
}

void Translation::find_jump(std::uint32_t site)
{
    static_assert(sizeof(JumpEntry) == 16);
    Mem rip = cell(&shop_.frame.jumps[slot_][0].rip);
    rip.index = kTemp1;
    constexpr unsigned kEntryShift = 4;
    a_.imul32(kTemp1, kTemp0, static_cast<std::int32_t>(kJumpFactor));
    a_.shift_right(kTemp1, kJumpShift - kEntryShift, Width::Dword);
    a_.alu(Alu::And, kTemp1, static_cast<std::int32_t>((kJumpEntries - 1) << kEntryShift), Width::Dword);
    a_.alu(Alu::Cmp, kTemp0, rip);
    branch_to_site(a_.jcc(Cond::Ne), site);
}

bool Translation::indirect(const Instruction& i)
{
    if (i.memory != nullptr && !can_address(i)) {
        return false;
    }
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    load_target(i, site);
    find_jump(site);
    Mem code = cell(&shop_.frame.jumps[slot_][0].code);
    code.index = kTemp1;
    if (i.kind == Kind::JumpIndirect) {
        a_.jmp(code);
    } else {
        a_.load(kTemp1, code);
        a_.store(cell(&shop_.frame.target), kTemp1);
        push_address(i.next(), site);
        a_.jmp(cell(&shop_.frame.target));
    }
    site_resumes(site);
    return true;
}

void Translation::ret(const Instruction& i)
{
    const auto size = static_cast<std::int32_t>(word());
    const bool releases = i.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    const auto released = releases ? static_cast<std::int32_t>(i.operands[0].imm.value.u) : 0;
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    const Mem top = stack(0, {.size = static_cast<unsigned>(size)}, site);
    may_be_refused();
    a_.load(kTemp0, top, word());
    find_jump(site);
    move_stack_pointer(size + released);
    Mem code = cell(&shop_.frame.jumps[slot_][0].code);
    code.index = kTemp1;
    a_.jmp(code);
    site_resumes(site);
}

} // namespace windsor::translate
