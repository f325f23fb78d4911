// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/operands.hpp"
#include "translate/emit/writers.hpp"

namespace windsor::translate {

// Writes LEA, which changes no flags.
Written write_lea(Parts& p, const Instruction& i)
{
    const unsigned guest = full_number(i.operands[0].reg.value);
    if (i.decoded.operand_width == 16) {
        return Written::ForInterpreter;
    }
    const Reg to = in_memory(guest) ? kTemp0 : host_register(guest);
    Instruction sized = i;
    if (i.decoded.operand_width == 32) {
        sized.decoded.address_width = 32; // the result is cut to 32 bits either way
    }
    p.memory.write_address(sized, i.operands[1], to);
    if (in_memory(guest)) {
        p.a.store(p.a.gpr(guest), kTemp0);
    }
    return Written::Natively;
}

namespace {

void load_divisor(Parts& p, const Instruction& i, Width width, std::uint32_t exit)
{
    if (i.memory != nullptr) {
        p.memory.load_operand(kTemp1, i, exit);
    } else {
        p.a.load_guest(kTemp1, full_number(i.operands[0].reg.value), width);
    }
}

// Leads to the side exit if the quotient might not fit, so that the interpreter can raise #DE. The divisor is in
// kTemp1.
void check_quotient(Parts& p, const Instruction& i, Width width, std::uint32_t exit)
{
    Emitter& a = p.a;
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_DIV) {
        a.alu(Alu::Cmp, Reg::Rdx, kTemp1, width);
        p.cold.branch_to_exit(a.jcc(Cond::Ae), exit);
        return;
    }
    // This checks that the divisor is neither 0 nor -1, and that the dividend is no wider than the quotient.
    a.lea(kTemp0, {.base = kTemp1, .displacement = 1}, width);
    a.alu(Alu::Cmp, kTemp0, 1, width);
    p.cold.branch_to_exit(a.jcc(Cond::Be), exit);
    a.mov(kTemp0, Reg::Rax, width);
    a.shift_right_signed(kTemp0, width == Width::Qword ? 63 : 31, width);
    a.alu(Alu::Cmp, kTemp0, Reg::Rdx, width);
    p.cold.branch_to_exit(a.jcc(Cond::Ne), exit);
}

} // namespace

Written write_division(Parts& p, const Instruction& i)
{
    if (i.memory != nullptr && !can_address(p.progress.context, i)) {
        return Written::ForInterpreter;
    }
    Emitter& a = p.a;
    const Width width = i.decoded.operand_width == 64 ? Width::Qword : Width::Dword;
    const Mem divisor = a.cell(&p.shop.frame.scratch[0]);
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    load_divisor(p, i, width, exit);
    check_quotient(p, i, width, exit);
    a.store(divisor, kTemp1);
    p.flags.bring_for(i);
    p.attribution.may_be_refused();
    a.divide(divisor, width, i.decoded.mnemonic == ZYDIS_MNEMONIC_DIV ? Signed::No : Signed::Yes);
    p.flags.written_by(i);
    p.cold.resumes(exit);
    return Written::Natively;
}

Written write_nop(Parts& p, const Instruction& /*i*/)
{
    p.attribution.may_be_refused();
    p.a.bytes(p.shop.nop);
    return Written::Natively;
}

Written write_direction(Parts& p, const Instruction& i)
{
    p.a.store_byte(p.a.cell(&p.shop.frame.direction), i.decoded.mnemonic == ZYDIS_MNEMONIC_STD ? 1 : 0);
    return Written::Natively;
}

namespace {

// BT, BTC, BTR and BTS with an index in a register access one operand in a string of bits, which goes both ways from
// their address. Leaves the host address of that operand in kTemp0. SDM volume 2A, BT.
void look_up_bits(Parts& p, const Instruction& i, unsigned index, std::uint32_t exit)
{
    Emitter& a = p.a;
    const unsigned bytes = i.decoded.operand_width / 8;
    p.memory.write_address(i, *i.memory, kTemp0);
    a.load_guest(kTemp1, index, Width::Qword);
    a.sign_extend(kTemp1, static_cast<Width>(bytes));
    a.shift_right_signed(kTemp1, 3);
    a.alu(Alu::And, kTemp1, -static_cast<std::int32_t>(bytes));
    a.alu(Alu::Add, kTemp0, kTemp1, i.decoded.address_width == 64 ? Width::Qword : Width::Dword);
    const Access access{.size = bytes, .write = i.writes_memory()};
    p.memory.add_segment(*i.memory, access, exit);
    p.memory.look_up(access, exit);
}

} // namespace

Written write_bit_string(Parts& p, const Instruction& i)
{
    if (!can_address(p.progress.context, i)) {
        return Written::ForInterpreter;
    }
    Emitter& a = p.a;
    const unsigned bits = i.decoded.operand_width;
    const auto width = static_cast<Width>(bits / 8);
    const unsigned index = full_number(i.operands[1].reg.value);
    const Mem kept = a.cell(&p.shop.frame.scratch[0]);
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    look_up_bits(p, i, index, exit);
    a.load_guest(kTemp1, index, Width::Qword);
    a.alu(Alu::And, kTemp1, static_cast<std::int32_t>(bits - 1), Width::Dword);
    a.store(kept, kTemp1);
    p.flags.bring_for(i); // this uses kTemp1
    a.load(kTemp1, kept);
    p.attribution.may_be_refused();
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0) {
        a.byte(0xf0);
    }
    if (width == Width::Word) {
        a.byte(0x66);
    }
    a.rex(width, number(kTemp1), 0, number(kTemp0));
    a.bytes({0x0f, i.decoded.opcode});
    a.modrm_memory(number(kTemp1), {.base = kTemp0});
    p.flags.written_by(i);
    p.cold.resumes(exit);
    return Written::Natively;
}

} // namespace windsor::translate
