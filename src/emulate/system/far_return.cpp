// SPDX-License-Identifier: GPL-2.0-or-later
// Far RET and IRET in all modes. SDM volume 2, RET and IRET.
#include "emulate/integer/flags.hpp"
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

#include <array>

namespace windsor::emulate {

using x86::Attributes;
using x86::Exception;
using x86::Seg;
using x86::Segment;
using x86::SystemType;

namespace fl = x86::rflags;

namespace {

// Where a return leads.
struct Return {
    std::uint64_t rip{0};
    std::uint16_t cs{0};
    TableEntry code{};
    unsigned level{0};          // the RPL of cs: the privilege level returned to
    std::uint16_t ss{0};
    std::uint64_t rsp{0};
    Segment stack{};            // what ss names
};

// Checks the code segment of a return within protected or long mode.
bool check_code(Cpu& cpu, Return& to)
{
    if (is_null(to.cs)) {
        return cpu.refuse(Exception::Gp);
    }
    if (!need_descriptor(cpu, to.cs, to.code, Exception::Gp)) {
        return false;
    }
    to.level = rpl(to.cs);
    const Attributes attributes = to.code.descriptor.attributes();
    const bool level = attributes.conforming() ? attributes.dpl <= to.level : attributes.dpl == to.level;
    if (!attributes.code() || to.level < cpu.cpl() || !level || (cpu.long_mode() && attributes.l && attributes.db)) {
        return cpu.refuse(Exception::Gp, error_of(to.cs));
    }
    if (!attributes.p) {
        return cpu.refuse(Exception::Np, error_of(to.cs));
    }
    if (!mark_accessed(cpu, to.code)) {
        return false;
    }
    return valid_target(cpu, make_segment(to.cs, to.code.descriptor), to.rip) || cpu.refuse(Exception::Gp);
}

// Checks the stack segment of a return to an outer level, or of any IRET in 64-bit mode.
bool check_stack(Cpu& cpu, Return& to)
{
    if (is_null(to.ss)) {
        const bool to_long64 = cpu.long_mode() && to.code.descriptor.attributes().l;
        if (!to_long64 || to.level == 3 || rpl(to.ss) != to.level) {
            return cpu.refuse(Exception::Gp);
        }
        to.stack = null_segment(to.ss, to.level);
        return true;
    }
    TableEntry entry;
    if (!need_descriptor(cpu, to.ss, entry, Exception::Gp)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    if (rpl(to.ss) != to.level || !attributes.writable() || attributes.dpl != to.level) {
        return cpu.refuse(Exception::Gp, error_of(to.ss));
    }
    if (!attributes.p) {
        return cpu.refuse(Exception::Ss, error_of(to.ss));
    }
    if (!mark_accessed(cpu, entry)) {
        return false;
    }
    to.stack = make_segment(to.ss, entry.descriptor);
    return true;
}

// Data segments that the outer level may not use become null, and those that are null lose their RPL. The hidden parts
// stay, so that a kernel finds the bases of FS and GS again. SDM volume 3A, section 5.8.6; volume 2, IRET and RET.
void drop_inner_segments(Cpu& cpu)
{
    for (const Seg seg : {Seg::Es, Seg::Ds, Seg::Fs, Seg::Gs}) {
        Segment& segment = cpu.s.segment(seg);
        const bool inner = !segment.attributes.conforming() && segment.attributes.dpl < cpu.cpl();
        if (is_null(segment.selector) || inner) {
            segment.selector = 0;
            segment.unusable = true;
            cpu.segment_changed(seg);
        }
    }
}

// Loads the stack pointer after a switch of stacks, as wide as the new stack segment says.
void set_outer_pointer(Cpu& cpu, const Return& to)
{
    if (cpu.long_mode() && to.code.descriptor.attributes().l) {
        cpu.s.gpr[x86::kRsp] = to.rsp;
    } else if (to.stack.attributes.db) {
        cpu.set_reg(x86::kRsp, static_cast<std::uint32_t>(to.rsp));
    } else {
        cpu.set_reg(x86::kRsp, static_cast<std::uint16_t>(to.rsp));
    }
}

enum class ToStack : std::uint8_t { Same, Other };

// Loads CS:RIP, and SS:RSP if the return is to another stack.
void commit(Cpu& cpu, const Return& to, ToStack stack)
{
    const bool outer = to.level > cpu.cpl();
    cpu.s.segment(Seg::Cs) = make_segment(to.cs, to.code.descriptor);
    cpu.s.rip = to.rip;
    if (stack == ToStack::Other) {
        cpu.s.segment(Seg::Ss) = to.stack;
        set_outer_pointer(cpu, to);
    }
    cpu.set_cpl(to.level);
    cpu.mode_changed();
    if (outer) {
        drop_inner_segments(cpu);
    }
}

Outcome enter_real(Cpu& cpu, std::uint16_t selector, std::uint64_t rip)
{
    cpu.s.segment(Seg::Cs) = real_code_segment(cpu, selector);
    cpu.s.rip = rip;
    cpu.mode_changed();
    return Outcome::Exit;
}

void release(Cpu& cpu, Stack& stack, std::uint64_t bytes)
{
    stack.pointer = (stack.pointer + bytes) & stack.mask;
    store_pointer(cpu, stack);
}

// RETF and RETF n, which has n in the immediate.
Outcome ret_far(Cpu& cpu, const Insn& insn)
{
    const unsigned size = insn.operand_size;
    const std::uint64_t parameters = insn.immediate & 0xffff;
    Stack stack = current_stack(cpu);
    std::uint64_t selector = 0;
    Return to;
    if (!peek(cpu, stack, 0, size, to.rip) || !peek(cpu, stack, size, size, selector)) {
        return Outcome::Fault;
    }
    to.cs = static_cast<std::uint16_t>(selector);
    if (!cpu.protected_mode()) {
        if (to.rip > cpu.s.segment(Seg::Cs).limit) {
            return cpu.raise(Exception::Gp);
        }
        release(cpu, stack, std::uint64_t{size} * 2 + parameters);
        return enter_real(cpu, to.cs, to.rip);
    }
    if (!check_code(cpu, to)) {
        return Outcome::Fault;
    }
    if (to.level == cpu.cpl()) {
        release(cpu, stack, std::uint64_t{size} * 2 + parameters);
        commit(cpu, to, ToStack::Same);
        return Outcome::Exit;
    }
    std::uint64_t ss = 0;
    if (!peek(cpu, stack, size * 2 + parameters, size, to.rsp) || !peek(cpu, stack, size * 3 + parameters, size, ss)) {
        return Outcome::Fault;
    }
    to.ss = static_cast<std::uint16_t>(ss);
    if (!check_stack(cpu, to)) {
        return Outcome::Fault;
    }
    to.rsp += parameters;
    commit(cpu, to, ToStack::Other);
    return Outcome::Exit;
}

// --- IRET ---

// The bits that IRET takes from the image in real and V86 mode; VM, VIF, VIP stay, IOPL too in V86 mode.
constexpr std::uint64_t kImage16 = fl::kArithmetic | fl::kTf | fl::kIf | fl::kDf | fl::kNt;
constexpr std::uint64_t kImage32 = kImage16 | fl::kRf | fl::kAc | fl::kId;

std::uint64_t image_mask(unsigned size)
{
    return size == 2 ? kImage16 : kImage32;
}

struct Frame {
    std::uint64_t rip{0};
    std::uint16_t cs{0};
    std::uint64_t flags{0};
};

bool peek_frame(Cpu& cpu, const Stack& stack, unsigned size, Frame& frame)
{
    std::uint64_t cs = 0;
    if (!peek(cpu, stack, 0, size, frame.rip) || !peek(cpu, stack, size, size, cs) ||
        !peek(cpu, stack, std::uint64_t{size} * 2, size, frame.flags)) {
        return false;
    }
    frame.cs = static_cast<std::uint16_t>(cs);
    return true;
}

// IRET of real mode, and of V86 mode with the flags it may change in `mask`.
Outcome iret_real(Cpu& cpu, unsigned size, Stack& stack, const Frame& frame, std::uint64_t mask)
{
    if (frame.rip > cpu.s.segment(Seg::Cs).limit) {
        return cpu.raise(Exception::Gp);
    }
    release(cpu, stack, std::uint64_t{size} * 3);
    replace_flags(cpu.s.rflags, mask, frame.flags);
    cpu.s.nmi_blocked = false;
    return enter_real(cpu, frame.cs, frame.rip);
}

Outcome iret_v86(Cpu& cpu, unsigned size)
{
    const bool extended = (cpu.s.cr4 & x86::cr4::kVme) != 0 && size == 2;
    if (cpu.iopl() < 3 && !extended) {
        return cpu.raise(Exception::Gp);
    }
    Stack stack = current_stack(cpu);
    Frame frame;
    if (!peek_frame(cpu, stack, size, frame)) {
        return Outcome::Fault;
    }
    if (cpu.iopl() == 3) {
        return iret_real(cpu, size, stack, frame, image_mask(size));
    }
    // The virtual-8086 mode extensions put IF of the image into VIF. SDM volume 3B, section 20.3.
    const bool enable = (frame.flags & fl::kIf) != 0;
    if ((enable && (cpu.s.rflags & fl::kVip) != 0) || (frame.flags & fl::kTf) != 0) {
        return cpu.raise(Exception::Gp);
    }
    const Outcome outcome = iret_real(cpu, size, stack, frame, kImage16 & ~fl::kIf);
    if (outcome != Outcome::Fault) {
        replace_flags(cpu.s.rflags, fl::kVif, enable ? fl::kVif : 0);
    }
    return outcome;
}

// Returns from a nested task by the back link of the current TSS.
Outcome iret_task(Cpu& cpu, const Insn& insn)
{
    TaskSwitch to{.by = SwitchBy::Return, .return_rip = cpu.next_rip(insn)};
    if (!cpu.read_linear(x86::Linear{cpu.s.tr.base} & 0xffff'ffff, to.selector, As::Processor)) {
        return Outcome::Fault;
    }
    if ((to.selector & 4) != 0 || is_null(to.selector)) {
        return cpu.raise(Exception::Ts, error_of(to.selector));
    }
    if (!need_descriptor(cpu, to.selector, to.entry, Exception::Ts)) {
        return Outcome::Fault;
    }
    const SystemType type = to.entry.descriptor.system_type();
    if (to.entry.descriptor.attributes().s || (type != SystemType::TssBusy && type != SystemType::Tss16Busy)) {
        return cpu.raise(Exception::Ts, error_of(to.selector));
    }
    if (!to.entry.descriptor.attributes().p) {
        return cpu.raise(Exception::Np, error_of(to.selector));
    }
    return switch_task(cpu, to) ? Outcome::Exit : Outcome::Fault;
}

// From ring 0 into V86 mode: ESP, SS, ES, DS, FS and GS follow the flags.
Outcome iret_to_v86(Cpu& cpu, const Stack& stack, const Frame& frame)
{
    std::array<std::uint64_t, 6> words{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!peek(cpu, stack, 12 + i * 4, 4, words[i])) {
            return Outcome::Fault;
        }
    }
    if (frame.rip > 0xffff) {
        return cpu.raise(Exception::Gp);
    }
    constexpr std::uint64_t kAll = kImage32 | fl::kIopl | fl::kVm | fl::kVif | fl::kVip;
    replace_flags(cpu.s.rflags, kAll, frame.flags);
    enter_v86(cpu, {frame.cs, words[1], words[2], words[3], words[4], words[5]});
    cpu.s.gpr[x86::kRsp] = words[0];
    cpu.s.rip = frame.rip;
    cpu.s.nmi_blocked = false;
    return Outcome::Exit;
}

// The flags that IRET and POPF at privilege level `cpl` may change. VM is never among them.
std::uint64_t flag_mask(const Cpu& cpu, unsigned size)
{
    std::uint64_t mask = image_mask(size);
    if (cpu.cpl() > cpu.iopl()) {
        mask &= ~fl::kIf;
    }
    if (cpu.cpl() == 0) {
        mask |= fl::kIopl | (size == 2 ? 0 : fl::kVif | fl::kVip);
    }
    return mask;
}

Outcome iret_protected(Cpu& cpu, const Insn& insn)
{
    const unsigned size = insn.operand_size;
    if ((cpu.s.rflags & fl::kNt) != 0) {
        return cpu.long_mode() ? cpu.raise(Exception::Gp) : iret_task(cpu, insn);
    }
    Stack stack = current_stack(cpu);
    Frame frame;
    if (!peek_frame(cpu, stack, size, frame)) {
        return Outcome::Fault;
    }
    if (!cpu.long_mode() && size == 4 && cpu.cpl() == 0 && (frame.flags & fl::kVm) != 0) {
        return iret_to_v86(cpu, stack, frame);
    }
    Return to{.rip = frame.rip, .cs = frame.cs};
    if (!check_code(cpu, to)) {
        return Outcome::Fault;
    }
    const bool new_stack = to.level > cpu.cpl() || cpu.long64();
    if (new_stack) {
        std::uint64_t ss = 0;
        if (!peek(cpu, stack, std::uint64_t{size} * 3, size, to.rsp) ||
            !peek(cpu, stack, std::uint64_t{size} * 4, size, ss)) {
            return Outcome::Fault;
        }
        to.ss = static_cast<std::uint16_t>(ss);
        if (!check_stack(cpu, to)) {
            return Outcome::Fault;
        }
    } else {
        release(cpu, stack, std::uint64_t{size} * 3);
    }
    replace_flags(cpu.s.rflags, flag_mask(cpu, size), frame.flags);
    cpu.s.nmi_blocked = false;
    commit(cpu, to, new_stack ? ToStack::Other : ToStack::Same);
    return Outcome::Exit;
}

Outcome iret(Cpu& cpu, const Insn& insn)
{
    switch (cpu.mode()) {
    case Mode::Real: {
        Stack stack = current_stack(cpu);
        Frame frame;
        if (!peek_frame(cpu, stack, insn.operand_size, frame)) {
            return Outcome::Fault;
        }
        return iret_real(cpu, insn.operand_size, stack, frame, image_mask(insn.operand_size) | fl::kIopl);
    }
    case Mode::Virtual8086: return iret_v86(cpu, insn.operand_size);
    default: return iret_protected(cpu, insn);
    }
}

} // namespace

void enter_v86(Cpu& cpu, const V86Segments& selectors)
{
    const auto segment = [](std::uint64_t selector, std::uint8_t type) {
        const auto number = static_cast<std::uint16_t>(selector);
        return Segment{.selector = number,
                       .base = std::uint64_t{number} << 4,
                       .limit = 0xffff,
                       .attributes = {.type = type, .s = true, .dpl = 3, .p = true}};
    };
    cpu.s.segment(Seg::Cs) = segment(selectors.cs, 11);
    cpu.s.segment(Seg::Ss) = segment(selectors.ss, 3);
    cpu.s.segment(Seg::Es) = segment(selectors.es, 3);
    cpu.s.segment(Seg::Ds) = segment(selectors.ds, 3);
    cpu.s.segment(Seg::Fs) = segment(selectors.fs, 3);
    cpu.s.segment(Seg::Gs) = segment(selectors.gs, 3);
    cpu.set_cpl(3);
    cpu.mode_changed();
}

Handler select_far_return(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return ret_far;
}

void add_far_returns(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_IRET, ending<serializing<iret>>);
    table.set(ZYDIS_MNEMONIC_IRETD, ending<serializing<iret>>);
    table.set(ZYDIS_MNEMONIC_IRETQ, ending<serializing<iret>>);
}

} // namespace windsor::emulate
