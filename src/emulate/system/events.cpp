// SPDX-License-Identifier: GPL-2.0-or-later
// Delivery of exceptions and interrupts. SDM volume 3A, sections 6.10 to 6.15; volume 2, INT n.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "x86/address.hpp"

#include <array>

namespace windsor::emulate {

using x86::Attributes;
using x86::Exception;
using x86::Seg;
using x86::Segment;
using x86::SystemType;

namespace {

namespace fl = x86::rflags;

// One attempt at delivering one event.
class Delivery {
public:
    Delivery(Cpu& cpu, const Event& event)
        : cpu_{cpu}, event_{event}, ext_{event.kind == Event::Kind::Software ? 0 : x86::selector_error::kExt}
    {
    }

    bool run()
    {
        switch (cpu_.mode()) {
        case Mode::Real: return real();
        case Mode::Virtual8086:
        case Mode::Protected: return legacy();
        default: return long_mode();
        }
    }

private:
    // The values of the frame, in the order they are pushed.
    struct Frame {
        std::array<std::uint64_t, 10> values{};
        std::size_t count{0};
        void add(std::uint64_t value) { values[count++] = value; }
        std::span<const std::uint64_t> span() const { return {values.data(), count}; }
    };

    bool real();
    bool legacy();
    bool long_mode();
    bool check_gate(const x86::Descriptor& gate);
    bool find_code(std::uint16_t selector, TableEntry& code);
    bool through_task_gate(std::uint16_t selector);
    bool same_level(const x86::Descriptor& gate, TableEntry& code);
    bool inner_level(const x86::Descriptor& gate, TableEntry& code);
    bool inner_stack(unsigned level, Stack& stack);
    bool long_stack(unsigned level, unsigned ist, bool inner, Stack& stack);
    void push_return(Frame& frame) const;
    void enter(const x86::Descriptor& gate, const TableEntry& code, unsigned level, std::uint64_t rip);

    std::uint32_t idt_error() const { return event_.vector * 8u + x86::selector_error::kIdt + ext_; }

    Cpu& cpu_;
    const Event& event_;
    std::uint32_t ext_;
};

bool Delivery::real()
{
    const std::uint32_t offset = event_.vector * 4u;
    if (offset + 3 > cpu_.s.idtr.limit) {
        return cpu_.refuse(Exception::Gp, idt_error());
    }
    std::uint32_t vector = 0;
    if (!cpu_.read_linear(x86::Linear{cpu_.s.idtr.base + offset} & 0xffff'ffff, vector, As::Processor)) {
        return false;
    }
    Stack stack = current_stack(cpu_);
    const std::array<std::uint64_t, 3> frame{cpu_.s.rflags & 0xffff, cpu_.s.segment(Seg::Cs).selector,
                                             event_.return_rip & 0xffff};
    if (!push_values(cpu_, stack, frame, 2)) {
        return false;
    }
    store_pointer(cpu_, stack);
    cpu_.s.rflags &= ~(fl::kIf | fl::kTf | fl::kAc | fl::kRf);
    Segment& code = cpu_.s.segment(Seg::Cs);
    code.selector = static_cast<std::uint16_t>(vector >> 16);
    code.base = std::uint64_t{code.selector} << 4;
    cpu_.s.rip = vector & 0xffff;
    cpu_.mode_changed();
    return true;
}

// Presence and, for software interrupts, privilege of a gate whose type is already known to be right.
bool Delivery::check_gate(const x86::Descriptor& gate)
{
    const Attributes attributes = gate.attributes();
    if (event_.kind == Event::Kind::Software && attributes.dpl < cpu_.cpl()) {
        return cpu_.refuse(Exception::Gp, idt_error());
    }
    return attributes.p || cpu_.refuse(Exception::Np, idt_error());
}

bool Delivery::find_code(std::uint16_t selector, TableEntry& code)
{
    if (is_null(selector)) {
        return cpu_.refuse(Exception::Gp, ext_);
    }
    if (!need_descriptor(cpu_, selector, code, Exception::Gp, ext_)) {
        return false;
    }
    const Attributes attributes = code.descriptor.attributes();
    if (!attributes.code() || attributes.dpl > cpu_.cpl()) {
        return cpu_.refuse(Exception::Gp, error_of(selector) | ext_);
    }
    return attributes.p || cpu_.refuse(Exception::Np, error_of(selector) | ext_);
}

bool Delivery::legacy()
{
    const std::uint32_t offset = event_.vector * 8u;
    if (offset + 7 > cpu_.s.idtr.limit) {
        return cpu_.refuse(Exception::Gp, idt_error());
    }
    x86::Descriptor gate;
    if (!cpu_.read_linear(x86::Linear{cpu_.s.idtr.base + offset} & 0xffff'ffff, gate.raw, As::Processor)) {
        return false;
    }
    const SystemType type = gate.system_type();
    const bool known = type == SystemType::TaskGate || type == SystemType::InterruptGate16 ||
                       type == SystemType::TrapGate16 || type == SystemType::InterruptGate ||
                       type == SystemType::TrapGate;
    if (gate.attributes().s || !known) {
        return cpu_.refuse(Exception::Gp, idt_error());
    }
    if (!check_gate(gate)) {
        return false;
    }
    if (type == SystemType::TaskGate) {
        return through_task_gate(gate.gate_selector());
    }
    TableEntry code;
    if (!find_code(gate.gate_selector(), code)) {
        return false;
    }
    const Attributes attributes = code.descriptor.attributes();
    const bool inner = !attributes.conforming() && attributes.dpl < cpu_.cpl();
    if (cpu_.mode() == Mode::Virtual8086 && (!inner || attributes.dpl != 0)) {
        return cpu_.refuse(Exception::Gp, error_of(gate.gate_selector()) | ext_);
    }
    return inner ? inner_level(gate, code) : same_level(gate, code);
}

bool Delivery::through_task_gate(std::uint16_t selector)
{
    TaskSwitch to{.by = SwitchBy::Event,
                  .selector = selector,
                  .return_rip = event_.return_rip,
                  .has_error_code = event_.has_error_code,
                  .error_code = event_.error_code,
                  .ext = ext_};
    if (is_null(selector) || (selector & 4) != 0) {
        return cpu_.refuse(Exception::Gp, error_of(selector) | ext_);
    }
    if (!need_descriptor(cpu_, selector, to.entry, Exception::Gp, ext_)) {
        return false;
    }
    const SystemType type = to.entry.descriptor.system_type();
    const Attributes attributes = to.entry.descriptor.attributes();
    if (attributes.s || (type != SystemType::TssAvailable && type != SystemType::Tss16Available)) {
        return cpu_.refuse(Exception::Gp, error_of(selector) | ext_);
    }
    if (!attributes.p) {
        return cpu_.refuse(Exception::Np, error_of(selector) | ext_);
    }
    return switch_task(cpu_, to);
}

void Delivery::push_return(Frame& frame) const
{
    frame.add(cpu_.s.rflags);
    frame.add(cpu_.s.segment(Seg::Cs).selector);
    frame.add(event_.return_rip);
    if (event_.has_error_code) {
        frame.add(event_.error_code);
    }
}

constexpr unsigned gate_width(const x86::Descriptor& gate)
{
    return (static_cast<unsigned>(gate.system_type()) & 8u) != 0 ? 4 : 2;
}

// CS:RIP, flags and mode of the handler. SDM volume 3A, section 6.12.1.3.
void Delivery::enter(const x86::Descriptor& gate, const TableEntry& code, unsigned level, std::uint64_t rip)
{
    cpu_.s.segment(Seg::Cs) = make_segment(with_rpl(gate.gate_selector(), level), code.descriptor);
    cpu_.s.rip = rip;
    cpu_.s.rflags &= ~(fl::kTf | fl::kVm | fl::kRf | fl::kNt);
    if ((static_cast<unsigned>(gate.system_type()) & 1u) == 0) {
        cpu_.s.rflags &= ~fl::kIf;
    }
    cpu_.set_cpl(level);
    cpu_.mode_changed();
}

bool Delivery::same_level(const x86::Descriptor& gate, TableEntry& code)
{
    const unsigned width = gate_width(gate);
    const std::uint64_t rip = gate.gate_offset() & size_mask(width);
    Stack stack = current_stack(cpu_);
    stack.error = ext_;
    if (cpu_.cpl() != 3) {
        stack.as = As::Processor;
    }
    Frame frame;
    push_return(frame);
    if (rip > code.descriptor.limit()) {
        return cpu_.refuse(Exception::Gp, ext_);
    }
    if (!mark_accessed(cpu_, code) || !push_values(cpu_, stack, frame.span(), width)) {
        return false;
    }
    store_pointer(cpu_, stack);
    enter(gate, code, cpu_.cpl(), rip);
    return true;
}

// SS:ESP of an inner level from the current TSS. SDM volume 2, INT n, "inter-privilege-level-interrupt".
bool Delivery::inner_stack(unsigned level, Stack& stack)
{
    std::uint16_t selector = 0;
    std::uint64_t pointer = 0;
    if (!read_tss_stack(cpu_, level, selector, pointer, ext_)) {
        return false;
    }
    TableEntry entry;
    if (!check_inner_stack(cpu_, selector, level, entry, ext_)) {
        return false;
    }
    stack = stack_in(make_segment(selector, entry.descriptor), pointer, level);
    stack.error = error_of(selector) | ext_;
    return true;
}

bool Delivery::inner_level(const x86::Descriptor& gate, TableEntry& code)
{
    const unsigned level = code.descriptor.attributes().dpl;
    const unsigned width = gate_width(gate);
    const std::uint64_t rip = gate.gate_offset() & size_mask(width);
    const bool virtual8086 = cpu_.mode() == Mode::Virtual8086;
    Stack stack;
    if (!inner_stack(level, stack)) {
        return false;
    }
    Frame frame;
    if (virtual8086) {
        for (const Seg seg : {Seg::Gs, Seg::Fs, Seg::Ds, Seg::Es}) {
            frame.add(cpu_.s.segment(seg).selector);
        }
    }
    frame.add(cpu_.s.segment(Seg::Ss).selector);
    frame.add(cpu_.s.gpr[x86::kRsp]);
    push_return(frame);
    if (rip > code.descriptor.limit()) {
        return cpu_.refuse(Exception::Gp, ext_);
    }
    if (!mark_accessed(cpu_, code) || !push_values(cpu_, stack, frame.span(), width)) {
        return false;
    }
    if (virtual8086) {
        for (const Seg seg : {Seg::Gs, Seg::Fs, Seg::Ds, Seg::Es}) {
            cpu_.s.segment(seg) = null_segment(0);
        }
    }
    cpu_.s.segment(Seg::Ss) = stack.segment;
    store_pointer(cpu_, stack);
    enter(gate, code, level, rip);
    return true;
}

// RSP from the 64-bit TSS. SDM volume 3A, section 6.14.4 and 8.7.
bool Delivery::long_stack(unsigned level, unsigned ist, bool inner, Stack& stack)
{
    stack.flat = true;
    stack.mask = ~std::uint64_t{0};
    stack.as = level == 3 ? As::Program : As::Processor;
    stack.error = ext_;
    stack.pointer = cpu_.s.gpr[x86::kRsp];
    if (ist != 0 || inner) {
        const std::uint32_t offset = ist != 0 ? 28 + ist * 8 : 4 + level * 8;
        if (!read_tss_rsp(cpu_, offset, stack.pointer, ext_)) {
            return false;
        }
    }
    stack.pointer &= ~std::uint64_t{15};
    return true;
}

bool Delivery::long_mode()
{
    const std::uint32_t offset = event_.vector * 16u;
    if (offset + 15 > cpu_.s.idtr.limit) {
        return cpu_.refuse(Exception::Gp, idt_error());
    }
    x86::Descriptor gate;
    std::uint64_t upper = 0;
    if (!cpu_.read_linear(x86::Linear{cpu_.s.idtr.base + offset}, gate.raw, As::Processor) ||
        !cpu_.read_linear(x86::Linear{cpu_.s.idtr.base + offset + 8}, upper, As::Processor)) {
        return false;
    }
    const SystemType type = gate.system_type();
    if (gate.attributes().s || (type != SystemType::InterruptGate && type != SystemType::TrapGate)) {
        return cpu_.refuse(Exception::Gp, idt_error());
    }
    TableEntry code;
    if (!check_gate(gate) || !find_code(gate.gate_selector(), code)) {
        return false;
    }
    const Attributes attributes = code.descriptor.attributes();
    if (!attributes.l || attributes.db) {
        return cpu_.refuse(Exception::Gp, error_of(gate.gate_selector()) | ext_);
    }
    const bool inner = !attributes.conforming() && attributes.dpl < cpu_.cpl();
    const unsigned level = inner ? attributes.dpl : cpu_.cpl();
    const std::uint64_t rip = gate.gate_offset() | (upper << 32);
    Stack stack;
    if (!long_stack(level, gate.high() & 7, inner, stack)) {
        return false;
    }
    if (!x86::canonical(rip)) {
        return cpu_.refuse(Exception::Gp, ext_);
    }
    Frame frame;
    frame.add(cpu_.s.segment(Seg::Ss).selector);
    frame.add(cpu_.s.gpr[x86::kRsp]);
    push_return(frame);
    if (!mark_accessed(cpu_, code) || !push_values(cpu_, stack, frame.span(), 8)) {
        return false;
    }
    if (inner) {
        cpu_.s.segment(Seg::Ss) = null_segment(static_cast<std::uint16_t>(level), level);
    }
    cpu_.s.gpr[x86::kRsp] = stack.pointer;
    enter(gate, code, level, rip);
    return true;
}

// SDM volume 3A, table 6-4.
enum class Class : std::uint8_t { Benign, Contributory, PageFault, DoubleFault };

Class class_of(const Event& event)
{
    if (event.kind != Event::Kind::Exception) {
        return Class::Benign;
    }
    switch (static_cast<Exception>(event.vector)) {
    case Exception::De:
    case Exception::Ts:
    case Exception::Np:
    case Exception::Ss:
    case Exception::Gp: return Class::Contributory;
    case Exception::Pf: return Class::PageFault;
    case Exception::Df: return Class::DoubleFault;
    default: return Class::Benign;
    }
}

// SDM volume 3A, table 6-5.
bool makes_double_fault(Class first, Class second)
{
    return (first == Class::Contributory && second == Class::Contributory) ||
           (first == Class::PageFault && (second == Class::Contributory || second == Class::PageFault));
}

Event event_of(const Cpu& cpu, const Fault& fault)
{
    return {.kind = Event::Kind::Exception,
            .vector = static_cast<std::uint8_t>(fault.exception),
            .has_error_code = x86::has_error_code(fault.exception) && cpu.mode() != Mode::Real,
            .error_code = fault.error_code,
            .return_rip = cpu.s.rip};
}

bool is_fault_class(const Event& event)
{
    switch (static_cast<Exception>(event.vector)) {
    case Exception::Db: // an instruction breakpoint's image keeps RF clear; see section 17.3.1.1
    case Exception::Nmi:
    case Exception::Bp:
    case Exception::Of:
    case Exception::Df:
    case Exception::Mc: return false;
    default: return true;
    }
}

} // namespace

bool deliver_once(Cpu& cpu, const Event& event)
{
    return Delivery{cpu, event}.run();
}

bool deliver(Cpu& cpu, const Event& event)
{
    Event current = event;
    cpu.s.sti_shadow = false;
    cpu.s.mov_ss_shadow = false;
    while (true) {
        if (current.kind == Event::Kind::Exception && current.vector == static_cast<std::uint8_t>(Exception::Db)) {
            cpu.s.dr7 &= ~x86::dr7::kGd;
        }
        if (deliver_once(cpu, current)) {
            return true;
        }
        Event next = event_of(cpu, cpu.fault());
        if (class_of(current) == Class::DoubleFault && class_of(next) != Class::Benign) {
            return false;
        }
        if (makes_double_fault(class_of(current), class_of(next))) {
            next = event_of(cpu, {Exception::Df, 0});
        } else {
            cpu.s.rflags |= fl::kRf;
        }
        current = next;
    }
}

bool deliver_fault(Cpu& cpu)
{
    const Event event = event_of(cpu, cpu.fault());
    if (is_fault_class(event)) {
        cpu.s.rflags |= fl::kRf;
    }
    return deliver(cpu, event);
}

} // namespace windsor::emulate
