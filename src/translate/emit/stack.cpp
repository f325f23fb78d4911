// SPDX-License-Identifier: GPL-2.0-or-later
// This writes instructions that work on the stack. SDM volume 2: PUSH, POP, LEAVE, PUSHF, POPF.
#include "translate/emit/operands.hpp"
#include "translate/emit/writers.hpp"

namespace windsor::translate {

namespace fl = x86::rflags;
using emulate::Intent;

namespace {

Access whole_word(const Parts& p, Intent intent)
{
    return {.size = static_cast<unsigned>(p.progress.word_bytes()), .write = intent == Intent::Write};
}

// Pushes an operand in memory. The frame keeps its value, because the lookup of the stack uses both temporaries.
void push_memory(Parts& p, const Instruction& i, std::uint32_t exit)
{
    Emitter& a = p.a;
    const bool windowed = p.progress.window;
    const Mem value = a.cell(&p.shop.frame.scratch[0]);
    p.memory.load_operand(kTemp0, i, exit);
    if (!windowed) {
        a.store(value, kTemp0);
    }
    const Mem top = p.memory.stack(-p.progress.word_bytes(), whole_word(p, Intent::Write), exit);
    if (!windowed) {
        a.load(kTemp1, value);
    }
    p.attribution.may_be_refused();
    a.store(top, windowed ? kTemp0 : kTemp1, p.word());
}

void push_register(Parts& p, unsigned guest, std::uint32_t exit)
{
    const Mem top = p.memory.stack(-p.progress.word_bytes(), whole_word(p, Intent::Write), exit);
    if (in_memory(guest)) {
        p.a.load(kTemp1, p.a.gpr(guest));
    }
    p.attribution.may_be_refused();
    p.a.store(top, in_memory(guest) ? kTemp1 : host_register(guest), p.word());
}

} // namespace

Written write_push(Parts& p, const Instruction& i)
{
    if (i.memory != nullptr && !can_address(p.progress.context, i)) {
        return Written::ForInterpreter;
    }
    p.memory.begin_access(i, TouchesStack::Yes);
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    const ZydisDecodedOperand& operand = i.operands[0];
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        p.memory.push_value(operand.imm.value.u, Moves::No, exit);
        p.cold.resumes(exit);
        return Written::Natively;
    }
    if (i.memory != nullptr) {
        push_memory(p, i, exit);
    } else {
        push_register(p, full_number(operand.reg.value), exit);
    }
    p.a.move_stack_pointer(-p.progress.word_bytes(), p.word());
    p.cold.resumes(exit);
    return Written::Natively;
}

Written write_pop(Parts& p, const Instruction& i)
{
    Emitter& a = p.a;
    const unsigned guest = full_number(i.operands[0].reg.value);
    p.memory.begin_access(i, TouchesStack::Yes);
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    const Mem top = p.memory.stack(0, whole_word(p, Intent::Read), exit);
    p.attribution.may_be_refused();
    a.load(in_memory(guest) ? kTemp0 : host_register(guest), top, p.word());
    if (in_memory(guest)) {
        a.store(a.gpr(guest), kTemp0);
    }
    if (guest != x86::kRsp) {
        a.move_stack_pointer(p.progress.word_bytes(), p.word());
    }
    p.cold.resumes(exit);
    return Written::Natively;
}

Written write_leave(Parts& p, const Instruction& i)
{
    Emitter& a = p.a;
    p.memory.begin_access(i, TouchesStack::Yes);
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    Mem frame{.base = kWindow, .index = Reg::Rbp};
    if (p.progress.window) {
        p.cold.may_fault_here(exit);
    } else {
        a.mov(kTemp0, Reg::Rbp, p.word());
        p.memory.look_up(whole_word(p, Intent::Read), exit);
        frame = {.base = kTemp0};
    }
    p.attribution.may_be_refused();
    a.load(kTemp1, frame, p.word());
    a.lea(kGuestRsp, {.base = Reg::Rbp, .displacement = p.progress.word_bytes()}, p.word());
    a.mov(Reg::Rbp, kTemp1, p.word());
    p.cold.resumes(exit);
    return Written::Natively;
}

namespace {

// These are the two bytes of the frame's flags: what LAHF leaves in AH, and OF by itself.
struct PackedFlags {
    explicit PackedFlags(const Parts& p)
        : overflow{p.a.cell(&p.shop.frame.flags)},
          low{p.a.cell(reinterpret_cast<const std::uint8_t*>(&p.shop.frame.flags) + 1)}
    {
    }
    Mem overflow;
    Mem low;
};
constexpr std::uint8_t kOverflowBit = 11;
constexpr std::uint8_t kDirectionBit = 10;

} // namespace

// Writes PUSHF, which pushes RF and VM as zero.
Written write_push_flags(Parts& p, const Instruction& i)
{
    constexpr auto kKept = ~static_cast<std::int32_t>(fl::kArithmetic | fl::kDf | fl::kRf | fl::kVm);
    Emitter& a = p.a;
    const std::int32_t size = p.progress.word_bytes();
    const PackedFlags packed{p};
    const Mem value = a.cell(&p.shop.frame.scratch[0]);
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    const auto add_bits = [&](const Mem& byte, std::uint8_t shift) {
        a.load_zero_extended8(kTemp1, byte);
        if (shift != 0) {
            a.shift_left(kTemp1, shift);
        }
        a.alu(Alu::Or, kTemp0, kTemp1);
    };
    a.load(kTemp0, a.cell(&p.shop.cpu.s.rflags));
    a.alu(Alu::And, kTemp0, kKept);
    add_bits(packed.low, 0);
    add_bits(packed.overflow, kOverflowBit);
    add_bits(a.cell(&p.shop.frame.direction), kDirectionBit);
    a.store(value, kTemp0);
    a.lea(kTemp0, {.base = kGuestRsp, .displacement = -size}, p.word());
    p.memory.look_up(whole_word(p, Intent::Write), exit);
    a.load(kTemp1, value);
    p.attribution.may_be_refused();
    a.store({.base = kTemp0}, kTemp1, p.word());
    a.move_stack_pointer(-size, p.word());
    p.cold.resumes(exit);
    return Written::Natively;
}

namespace {

// Leads to the side exit if the flags in kTemp0 differ from the guest's in others than the arithmetic flags, DF and IF.
void check_new_flags(Parts& p, const Mem& rflags, std::uint32_t exit)
{
    constexpr auto kSame = static_cast<std::int32_t>(fl::kTf | fl::kIopl | fl::kNt | fl::kAc | fl::kId);
    constexpr auto kClear = static_cast<std::int32_t>(fl::kVif | fl::kVip);
    Emitter& a = p.a;
    a.load(kTemp1, rflags);
    a.test_imm(kTemp1, kClear, Width::Dword);
    p.cold.branch_to_exit(a.jcc(Cond::Ne), exit);
    a.alu(Alu::Xor, kTemp1, kTemp0);
    a.test_imm(kTemp1, kSame, Width::Dword);
    p.cold.branch_to_exit(a.jcc(Cond::Ne), exit);
}

// Puts the arithmetic flags and DF of kTemp0 into the frame.
void unpack_flags(Parts& p)
{
    Emitter& a = p.a;
    const PackedFlags packed{p};
    const auto keep = [&](std::uint8_t shift, std::int32_t mask, const Mem& byte) {
        a.mov32(kTemp1, kTemp0);
        if (shift != 0) {
            a.shift_right(kTemp1, shift, Width::Dword);
        }
        a.alu(Alu::And, kTemp1, mask, Width::Dword);
        if (shift == 0) {
            a.alu(Alu::Or, kTemp1, static_cast<std::int32_t>(fl::kFixed1), Width::Dword);
        }
        a.store(byte, kTemp1, Width::Byte);
    };
    keep(0, kAllFlags & 0xff, packed.low);
    keep(kOverflowBit, 1, packed.overflow);
    keep(kDirectionBit, 1, a.cell(&p.shop.frame.direction));
}

// Puts IF of kTemp0 into the guest's flags, and into the mask of the signals that code stops for.
void take_interrupt_flag(Parts& p, const Mem& rflags)
{
    constexpr auto kIf = static_cast<std::int32_t>(fl::kIf);
    constexpr auto kInterrupt = static_cast<std::int32_t>(vcpu::Signal::Interrupt);
    static_assert(kInterrupt == kIf >> 8);
    Emitter& a = p.a;
    const Mem heeded = a.cell(&p.shop.frame.heeded);
    a.alu(Alu::And, kTemp0, kIf, Width::Dword);
    a.alu_memory(Alu::And, rflags, ~kIf);
    a.alu_memory(Alu::Or, rflags, kTemp0, Width::Qword);
    a.shift_right(kTemp0, 8, Width::Dword);
    a.alu_memory(Alu::And, heeded, ~kInterrupt);
    a.alu_memory(Alu::Or, heeded, kTemp0, Width::Dword);
}

} // namespace

// Writes POPF. The old flags are put into the frame, although it does not need them: the handler of a fault sees them.
Written write_pop_flags(Parts& p, const Instruction& i)
{
    Emitter& a = p.a;
    const Mem rflags = a.cell(&p.shop.cpu.s.rflags);
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    a.load_guest(kTemp0, x86::kRsp, p.word());
    p.memory.look_up(whole_word(p, Intent::Read), exit);
    p.attribution.may_be_refused();
    a.load(kTemp0, {.base = kTemp0}, p.word());
    check_new_flags(p, rflags, exit);
    unpack_flags(p);
    take_interrupt_flag(p, rflags);
    a.move_stack_pointer(p.progress.word_bytes(), p.word());
    p.cold.resumes(exit);
    p.flags.are_in_memory();
    p.edges.look_for_signals(i.next());
    return Written::Natively;
}

} // namespace windsor::translate
