// SPDX-License-Identifier: GPL-2.0-or-later
// Far JMP and CALL in all modes. SDM volume 2, JMP and CALL; volume 3A, section 5.8.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

#include <array>

namespace windsor::emulate {

using x86::Attributes;
using x86::Exception;
using x86::Seg;
using x86::Segment;
using x86::SystemType;

namespace {

enum class Kind : std::uint8_t { Jump, Call };

struct Far {
    Kind kind{};
    std::uint16_t selector{0};
    std::uint64_t offset{0};
    unsigned size{0};            // of the operand: 2, 4, 8
    std::uint64_t return_rip{0};
};

constexpr std::size_t kMaxFrame = 2 + 31 + 2;

Outcome enter(Cpu& cpu, const Segment& code, std::uint64_t rip)
{
    cpu.s.segment(Seg::Cs) = code;
    cpu.s.rip = rip;
    cpu.mode_changed();
    return Outcome::Exit;
}

// Pushes CS and the return address on the current stack.
bool push_return(Cpu& cpu, const Far& far, unsigned size)
{
    Stack stack = current_stack(cpu);
    const std::array<std::uint64_t, 2> frame{cpu.s.segment(Seg::Cs).selector, far.return_rip};
    if (!push_values(cpu, stack, frame, size)) {
        return false;
    }
    store_pointer(cpu, stack);
    return true;
}

Outcome far_real(Cpu& cpu, const Far& far)
{
    const Segment code = real_code_segment(cpu, far.selector);
    if (far.offset > code.limit) {
        return cpu.raise(Exception::Gp);
    }
    if (far.kind == Kind::Call && !push_return(cpu, far, far.size)) {
        return Outcome::Fault;
    }
    return enter(cpu, code, far.offset);
}

Outcome to_code_segment(Cpu& cpu, const Far& far, TableEntry& entry)
{
    const Attributes attributes = entry.descriptor.attributes();
    const unsigned cpl = cpu.cpl();
    const bool allowed =
        attributes.conforming() ? attributes.dpl <= cpl : rpl(far.selector) <= cpl && attributes.dpl == cpl;
    if (!allowed || (cpu.long_mode() && attributes.l && attributes.db)) {
        return cpu.raise(Exception::Gp, error_of(far.selector));
    }
    if (!attributes.p) {
        return cpu.raise(Exception::Np, error_of(far.selector));
    }
    if (!mark_accessed(cpu, entry)) {
        return Outcome::Fault;
    }
    const Segment code = make_segment(with_rpl(far.selector, cpl), entry.descriptor);
    if (!valid_target(cpu, code, far.offset)) {
        return cpu.raise(Exception::Gp);
    }
    if (far.kind == Kind::Call && !push_return(cpu, far, far.size)) {
        return Outcome::Fault;
    }
    return enter(cpu, code, far.offset);
}

// What a call gate says once it is checked.
struct Gate {
    TableEntry entry{};
    TableEntry code{};
    std::uint16_t selector{0};
    std::uint64_t rip{0};
    unsigned width{0};
};

bool check_gate_target(Cpu& cpu, const Far& far, Gate& gate)
{
    if (is_null(gate.selector)) {
        return cpu.refuse(Exception::Gp);
    }
    if (!need_descriptor(cpu, gate.selector, gate.code, Exception::Gp)) {
        return false;
    }
    const Attributes attributes = gate.code.descriptor.attributes();
    const bool inner_allowed = attributes.conforming() || far.kind == Kind::Call;
    const bool level = inner_allowed ? attributes.dpl <= cpu.cpl() : attributes.dpl == cpu.cpl();
    const bool width = !cpu.long_mode() || (attributes.l && !attributes.db);
    if (!attributes.code() || !level || !width) {
        return cpu.refuse(Exception::Gp, error_of(gate.selector));
    }
    return attributes.p || cpu.refuse(Exception::Np, error_of(gate.selector));
}

bool call_to_inner_level(Cpu& cpu, const Far& far, const Gate& gate, unsigned level)
{
    std::array<std::uint64_t, kMaxFrame> frame{};
    std::size_t count = 0;
    frame[count++] = cpu.s.segment(Seg::Ss).selector;
    frame[count++] = cpu.s.gpr[x86::kRsp];
    Stack stack;
    if (cpu.long_mode()) {
        stack = {.mask = ~std::uint64_t{0}, .flat = true};
        if (!read_tss_rsp(cpu, 4 + level * 8, stack.pointer, 0)) {
            return false;
        }
        stack.segment = null_segment(static_cast<std::uint16_t>(level), level);
    } else {
        std::uint16_t selector = 0;
        std::uint64_t pointer = 0;
        TableEntry entry;
        if (!read_tss_stack(cpu, level, selector, pointer, 0) || !check_inner_stack(cpu, selector, level, entry, 0)) {
            return false;
        }
        stack = stack_in(make_segment(selector, entry.descriptor), pointer, level);
        stack.error = error_of(selector);
        const Stack outer = current_stack(cpu);
        for (unsigned i = gate.entry.descriptor.gate_parameters(); i-- > 0;) {
            if (!peek(cpu, outer, std::uint64_t{i} * gate.width, gate.width, frame[count++])) {
                return false;
            }
        }
    }
    frame[count++] = cpu.s.segment(Seg::Cs).selector;
    frame[count++] = far.return_rip;
    if (!push_values(cpu, stack, std::span{frame}.first(count), gate.width)) {
        return false;
    }
    cpu.s.segment(Seg::Ss) = stack.segment;
    cpu.set_cpl(level);
    cpu.segment_changed(Seg::Ss);
    store_pointer(cpu, stack);
    return true;
}

Outcome through_call_gate(Cpu& cpu, const Far& far, Gate& gate)
{
    const x86::Descriptor descriptor = gate.entry.descriptor;
    if (!descriptor.attributes().p) {
        return cpu.raise(Exception::Np, error_of(far.selector));
    }
    gate.selector = descriptor.gate_selector();
    gate.rip = descriptor.gate_offset();
    gate.width = descriptor.system_type() == SystemType::CallGate16 ? 2 : 4;
    if (cpu.long_mode()) {
        gate.rip |= gate.entry.upper << 32;
        gate.width = 8;
    }
    gate.rip &= size_mask(gate.width);
    if (!check_gate_target(cpu, far, gate)) {
        return Outcome::Fault;
    }
    const Attributes attributes = gate.code.descriptor.attributes();
    const bool inner = far.kind == Kind::Call && !attributes.conforming() && attributes.dpl < cpu.cpl();
    const unsigned level = inner ? attributes.dpl : cpu.cpl();
    if (!mark_accessed(cpu, gate.code)) {
        return Outcome::Fault;
    }
    const Segment code = make_segment(with_rpl(gate.selector, level), gate.code.descriptor);
    if (!valid_target(cpu, code, gate.rip)) {
        return cpu.raise(Exception::Gp);
    }
    if (inner && !call_to_inner_level(cpu, far, gate, level)) {
        return Outcome::Fault;
    }
    if (!inner && far.kind == Kind::Call) {
        Stack stack = current_stack(cpu);
        if (cpu.long_mode()) { // a 64-bit gate pushes as 64-bit mode does, also from compatibility mode
            stack.flat = true;
            stack.mask = ~std::uint64_t{0};
        }
        const std::array<std::uint64_t, 2> frame{cpu.s.segment(Seg::Cs).selector, far.return_rip};
        if (!push_values(cpu, stack, frame, gate.width)) {
            return Outcome::Fault;
        }
        store_pointer(cpu, stack);
    }
    return enter(cpu, code, gate.rip);
}

// Switches to the task of an available TSS. `far.selector` has passed its privilege checks.
Outcome to_task(Cpu& cpu, const Far& far, std::uint16_t selector, const TableEntry& entry)
{
    const SystemType type = entry.descriptor.system_type();
    if (entry.descriptor.attributes().s || (type != SystemType::TssAvailable && type != SystemType::Tss16Available)) {
        return cpu.raise(Exception::Gp, error_of(selector));
    }
    if (!entry.descriptor.attributes().p) {
        return cpu.raise(Exception::Np, error_of(selector));
    }
    const TaskSwitch to{.by = far.kind == Kind::Call ? SwitchBy::Call : SwitchBy::Jump,
                        .selector = selector,
                        .entry = entry,
                        .return_rip = far.return_rip};
    return switch_task(cpu, to) ? Outcome::Exit : Outcome::Fault;
}

Outcome through_task_gate(Cpu& cpu, const Far& far, const x86::Descriptor& gate)
{
    if (!gate.attributes().p) {
        return cpu.raise(Exception::Np, error_of(far.selector));
    }
    const std::uint16_t selector = gate.gate_selector();
    TableEntry entry;
    if (is_null(selector) || (selector & 4) != 0) {
        return cpu.raise(Exception::Gp, error_of(selector));
    }
    if (!need_descriptor(cpu, selector, entry, Exception::Gp)) {
        return Outcome::Fault;
    }
    return to_task(cpu, far, selector, entry);
}

// The rest of a system descriptor of 16 bytes. Its first half is not read again: another processor may have changed it
// since it was checked.
Lookup read_upper_half(Cpu& cpu, std::uint16_t selector, TableEntry& entry)
{
    const bool local = (selector & 4) != 0;
    const std::uint32_t limit = local ? cpu.s.ldtr.limit : cpu.s.gdtr.limit;
    if ((selector & 0xfff8u) + 15 > limit) {
        return Lookup::Outside;
    }
    return cpu.read_linear(entry.linear + 8, entry.upper, As::Processor) ? Lookup::Found : Lookup::Fault;
}

Outcome to_system_descriptor(Cpu& cpu, const Far& far, Gate& gate)
{
    const x86::Descriptor descriptor = gate.entry.descriptor;
    const Attributes attributes = descriptor.attributes();
    const bool allowed = attributes.dpl >= cpu.cpl() && attributes.dpl >= rpl(far.selector);
    if (!allowed) {
        return cpu.raise(Exception::Gp, error_of(far.selector));
    }
    const SystemType type = descriptor.system_type();
    if (cpu.long_mode()) {
        // Only 64-bit call gates; the type field of their upper half is zero.
        const Lookup found = read_upper_half(cpu, far.selector, gate.entry);
        if (found == Lookup::Fault) {
            return Outcome::Fault;
        }
        if (found == Lookup::Outside || type != SystemType::CallGate || (gate.entry.upper & 0x1f00'0000'0000) != 0) {
            return cpu.raise(Exception::Gp, error_of(far.selector));
        }
        return through_call_gate(cpu, far, gate);
    }
    switch (type) {
    case SystemType::CallGate:
    case SystemType::CallGate16: return through_call_gate(cpu, far, gate);
    case SystemType::TaskGate: return through_task_gate(cpu, far, descriptor);
    default: return to_task(cpu, far, far.selector, gate.entry);
    }
}

Outcome transfer(Cpu& cpu, const Far& far)
{
    if (!cpu.protected_mode()) {
        return far_real(cpu, far);
    }
    if (is_null(far.selector)) {
        return cpu.raise(Exception::Gp);
    }
    Gate gate;
    if (!need_descriptor(cpu, far.selector, gate.entry, Exception::Gp)) {
        return Outcome::Fault;
    }
    const Attributes attributes = gate.entry.descriptor.attributes();
    if (attributes.code()) {
        return to_code_segment(cpu, far, gate.entry);
    }
    if (attributes.s) {
        return cpu.raise(Exception::Gp, error_of(far.selector));
    }
    return to_system_descriptor(cpu, far, gate);
}

template <Kind kind> Outcome far_direct(Cpu& cpu, const Insn& insn)
{
    return transfer(cpu, {.kind = kind,
                          .selector = static_cast<std::uint16_t>(insn.displacement),
                          .offset = insn.immediate & size_mask(insn.operand_size),
                          .size = insn.operand_size,
                          .return_rip = cpu.next_rip(insn)});
}

template <Kind kind> Outcome far_indirect(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::uint64_t selector = 0;
    if (!read_operand(cpu, insn, 0, insn.operand_size, offset) ||
        !read_operand(cpu, insn, insn.operand_size, 2, selector)) {
        return Outcome::Fault;
    }
    return transfer(cpu, {.kind = kind,
                          .selector = static_cast<std::uint16_t>(selector),
                          .offset = offset,
                          .size = insn.operand_size,
                          .return_rip = cpu.next_rip(insn)});
}

} // namespace

Segment real_code_segment(const Cpu& cpu, std::uint16_t selector)
{
    Segment code = cpu.s.segment(Seg::Cs);
    code.selector = selector;
    code.base = std::uint64_t{selector} << 4;
    code.attributes.type = 11;
    code.attributes.s = true;
    code.attributes.p = true;
    code.unusable = false;
    return code;
}

Handler select_far_branch(const Decoded& decoded, Insn& insn)
{
    insn.ends_block = true;
    const ZydisMnemonic mnemonic = decoded.instruction.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_RET) {
        return select_far_return(decoded, insn);
    }
    const bool call = mnemonic == ZYDIS_MNEMONIC_CALL;
    if (insn.memory) {
        return call ? far_indirect<Kind::Call> : far_indirect<Kind::Jump>;
    }
    const ZydisDecodedOperand& target = decoded.operands[0];
    if (target.type != ZYDIS_OPERAND_TYPE_POINTER) {
        return nullptr;
    }
    insn.immediate = target.ptr.offset;
    insn.displacement = target.ptr.segment;
    return call ? far_direct<Kind::Call> : far_direct<Kind::Jump>;
}

} // namespace windsor::emulate
