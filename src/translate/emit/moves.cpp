// SPDX-License-Identifier: GPL-2.0-or-later
// LEA, the stack, division, and strings of bits.
#include "translate/emit/translation.hpp"

namespace windsor::translate {

void Translation::load_guest(Reg to, unsigned guest, Width width)
{
    if (in_memory(guest)) {
        a_.load(to, gpr(guest), width);
    } else if (width == Width::Qword) {
        a_.mov(to, host_register(guest));
    } else {
        a_.mov32(to, host_register(guest));
    }
}

// No flags are touched.
bool Translation::lea(const Instruction& i)
{
    const unsigned guest = full_number(i.operands[0].reg.value);
    if (i.decoded.operand_width == 16) {
        return false;
    }
    const Reg to = in_memory(guest) ? kTemp0 : host_register(guest);
    Instruction sized = i;
    if (i.decoded.operand_width == 32) {
        sized.decoded.address_width = 32; // the address is cut either way
    }
    write_address(sized, i.operands[1], to);
    if (in_memory(guest)) {
        a_.store(gpr(guest), kTemp0);
    }
    return true;
}

// The interpreter raises #DE where the quotient might not fit. The divisor is in kTemp1.
bool Translation::divide(const Instruction& i)
{
    const bool memory = i.memory != nullptr;
    const bool wide = i.decoded.operand_width == 64;
    const Width width = wide ? Width::Qword : Width::Dword;
    if (memory && !can_address(i)) {
        return false;
    }
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    if (memory) {
        load_operand(kTemp1, i, site);
    } else {
        load_guest(kTemp1, full_number(i.operands[0].reg.value), width);
    }
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_DIV) {
        a_.alu(Alu::Cmp, Reg::Rdx, kTemp1, width);
        branch_to_site(a_.jcc(Cond::Ae), site);
    } else { // neither 0 nor -1, and a dividend that is no wider than the quotient
        a_.lea(kTemp0, {.base = kTemp1, .displacement = 1}, width);
        a_.alu(Alu::Cmp, kTemp0, 1, width);
        branch_to_site(a_.jcc(Cond::Be), site);
        wide ? a_.mov(kTemp0, Reg::Rax) : a_.mov32(kTemp0, Reg::Rax);
        a_.rex(wide, 0, 0, number(kTemp0));
        a_.byte(0xc1); // SAR
        a_.modrm_register(7, number(kTemp0));
        a_.byte(wide ? 63 : 31);
        a_.alu(Alu::Cmp, kTemp0, Reg::Rdx, width);
        branch_to_site(a_.jcc(Cond::Ne), site);
    }
    const unsigned extension = i.decoded.mnemonic == ZYDIS_MNEMONIC_DIV ? 6 : 7;
    a_.store(cell(&shop_.frame.scratch[0]), kTemp1);
    bring_flags(i);
    may_be_refused();
    a_.rex(wide, 0, 0, 0);
    a_.byte(0xf7);
    a_.modrm_memory(extension, cell(&shop_.frame.scratch[0]));
    flags_written(i);
    site_resumes(site);
    return true;
}

void Translation::move_stack_pointer(std::int32_t by)
{
    a_.lea(kGuestRsp, {.base = kGuestRsp, .displacement = by}, word());
}

bool Translation::push(const Instruction& i)
{
    if (i.memory != nullptr && !can_address(i)) {
        return false;
    }
    const auto size = static_cast<std::int32_t>(word());
    begin_access(i);
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    const ZydisDecodedOperand& operand = i.operands[0];
    const Access wanted{.size = static_cast<unsigned>(size), .write = true};
    if (i.memory != nullptr) {
        load_operand(kTemp0, i, site);
        if (!window_) { // which a lookup takes
            a_.store(cell(&shop_.frame.scratch[0]), kTemp0);
        }
        const Mem top = stack(-size, wanted, site);
        if (!window_) {
            a_.load(kTemp1, cell(&shop_.frame.scratch[0]));
        }
        may_be_refused();
        a_.store(top, window_ ? kTemp0 : kTemp1, word());
    } else if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        push_constant(operand.imm.value.u, site);
        site_resumes(site);
        return true;
    } else if (const unsigned guest = full_number(operand.reg.value); in_memory(guest)) {
        const Mem top = stack(-size, wanted, site);
        a_.load(kTemp1, gpr(guest));
        may_be_refused();
        a_.store(top, kTemp1, word());
    } else {
        const Mem top = stack(-size, wanted, site);
        may_be_refused();
        a_.store(top, host_register(guest), word());
    }
    move_stack_pointer(-size);
    site_resumes(site);
    return true;
}

// `address`: one that goes with the block's.
void Translation::push_value(std::uint64_t value, bool address, std::uint32_t site)
{
    const auto size = static_cast<std::int32_t>(word());
    const Mem top = stack(-size, {.size = static_cast<unsigned>(size), .write = true}, site);
    if (window_) {
        a_.store32(top, static_cast<std::uint32_t>(value));
    } else {
        address ? mov_address(kTemp1, value) : a_.mov(kTemp1, value);
        may_be_refused();
        a_.store(top, kTemp1, word());
    }
    move_stack_pointer(-size);
}

bool Translation::pop(const Instruction& i)
{
    const auto size = static_cast<std::int32_t>(word());
    const unsigned guest = full_number(i.operands[0].reg.value);
    begin_access(i);
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    const Mem top = stack(0, {.size = static_cast<unsigned>(size)}, site);
    may_be_refused();
    if (guest == x86::kRsp) {
        a_.load(kGuestRsp, top, word());
    } else if (in_memory(guest)) {
        a_.load(kTemp0, top, word());
        a_.store(gpr(guest), kTemp0);
        move_stack_pointer(size);
    } else {
        a_.load(host_register(guest), top, word());
        move_stack_pointer(size);
    }
    site_resumes(site);
    return true;
}

void Translation::leave(const Instruction& i)
{
    const auto size = static_cast<std::int32_t>(word());
    begin_access(i);
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    Mem frame{.base = kWindow, .index = Reg::Rbp};
    if (window_) {
        may_fault_here(site);
    } else {
        word() == Width::Qword ? a_.mov(kTemp0, Reg::Rbp) : a_.mov32(kTemp0, Reg::Rbp);
        look_up({.size = static_cast<unsigned>(size)}, site);
        frame = {.base = kTemp0};
    }
    may_be_refused();
    a_.load(kTemp1, frame, word());
    a_.lea(kGuestRsp, {.base = Reg::Rbp, .displacement = size}, word());
    word() == Width::Qword ? a_.mov(Reg::Rbp, kTemp1) : a_.mov32(Reg::Rbp, kTemp1);
    site_resumes(site);
}

// The index reaches beyond the operand, both ways. SDM volume 2A, BT.
bool Translation::bit_string(const Instruction& i)
{
    if (!can_address(i)) {
        return false;
    }
    const unsigned bits = i.decoded.operand_width;
    const auto width = static_cast<Width>(bits / 8);
    const unsigned index = full_number(i.operands[1].reg.value);
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    write_address(i, *i.memory, kTemp0);
    load_guest(kTemp1, index, Width::Qword);
    a_.sign_extend(kTemp1, width);
    a_.shift_right_signed(kTemp1, 3);
    a_.alu(Alu::And, kTemp1, -static_cast<std::int32_t>(bits / 8));
    a_.alu(Alu::Add, kTemp0, kTemp1, i.decoded.address_width == 64 ? Width::Qword : Width::Dword);
    const Access wanted{.size = bits / 8, .write = i.writes_memory()};
    add_segment(*i.memory, wanted, site);
    look_up(wanted, site);
    load_guest(kTemp1, index, Width::Qword);
    a_.alu(Alu::And, kTemp1, static_cast<std::int32_t>(bits - 1), Width::Dword);
    a_.store(cell(&shop_.frame.scratch[0]), kTemp1);
    bring_flags(i); // takes kTemp1
    a_.load(kTemp1, cell(&shop_.frame.scratch[0]));
    may_be_refused();
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0) {
        a_.byte(0xf0);
    }
    if (width == Width::Word) {
        a_.byte(0x66);
    }
    a_.rex(width == Width::Qword, number(kTemp1), 0, number(kTemp0));
    a_.bytes({0x0f, i.decoded.opcode});
    a_.modrm_memory(number(kTemp1), {.base = kTemp0});
    flags_written(i);
    site_resumes(site);
    return true;
}

} // namespace windsor::translate
