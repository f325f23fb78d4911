// SPDX-License-Identifier: GPL-2.0-or-later
// Hardware task switches. SDM volume 3A, sections 7.2 and 7.3, table 7-1.
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

// Where the fields of a TSS lie. SDM volume 3A, figures 7-2 and 7-10.
struct Layout {
    unsigned width;         // of the general registers, EIP and EFLAGS
    std::uint32_t minimum;  // least limit
    std::uint32_t ip;
    std::uint32_t flags;
    std::uint32_t gpr;
    std::uint32_t segments;
    unsigned segment_stride;
    unsigned segment_count;
    std::uint32_t ldt;
};
constexpr Layout kTss16{.width = 2,
                        .minimum = 0x2b,
                        .ip = 14,
                        .flags = 16,
                        .gpr = 18,
                        .segments = 34,
                        .segment_stride = 2,
                        .segment_count = 4,
                        .ldt = 42};
constexpr Layout kTss32{.width = 4,
                        .minimum = 0x67,
                        .ip = 32,
                        .flags = 36,
                        .gpr = 40,
                        .segments = 72,
                        .segment_stride = 4,
                        .segment_count = 6,
                        .ldt = 96};
constexpr std::uint32_t kTssCr3 = 28;
constexpr std::uint32_t kTssTrap = 100;

const Layout& layout_of(const Attributes& attributes)
{
    return (attributes.type & 8) != 0 ? kTss32 : kTss16;
}

// What the new TSS contains.
struct Task {
    std::uint64_t cr3{0};
    std::uint64_t ip{0};
    std::uint64_t flags{0};
    std::array<std::uint64_t, 8> gpr{};
    std::array<std::uint16_t, x86::kSegCount> selectors{};
    std::uint16_t ldt{0};
    bool trap{false};
};

class Switch {
public:
    Switch(Cpu& cpu, const TaskSwitch& to) : cpu_{cpu}, to_{to} {}

    bool run();

private:
    bool check();
    bool save_old();
    bool read_new();
    bool update_descriptors();
    void load_registers();
    bool load_ldt();
    bool load_segments();
    bool load_stack();
    bool load_code();
    bool load_data(Seg seg);
    bool push_error_code();

    static x86::Linear address(std::uint64_t base, std::uint32_t offset)
    {
        return x86::Linear{base + offset} & 0xffff'ffff;
    }
    bool refuse_selector(Exception exception, std::uint16_t selector)
    {
        return cpu_.refuse(exception, error_of(selector) | to_.ext);
    }
    std::uint16_t selector(Seg seg) const { return task_.selectors[static_cast<unsigned>(seg)]; }

    Cpu& cpu_;
    const TaskSwitch& to_;
    Task task_;
    Segment tss_;               // the new TR
    bool nested_{false};        // CALL or event: back link and NT
};

bool Switch::check()
{
    tss_ = make_segment(to_.selector, to_.entry.descriptor);
    const Layout& layout = layout_of(tss_.attributes);
    if (tss_.limit < layout.minimum) {
        return refuse_selector(Exception::Ts, to_.selector);
    }
    nested_ = to_.by == SwitchBy::Call || to_.by == SwitchBy::Event;
    // The pages of both TSSs are looked up before anything changes.
    const Layout& old = layout_of(cpu_.s.tr.attributes);
    return cpu_.probe_linear(address(cpu_.s.tr.base, old.ip),
                             old.segments + old.segment_stride * old.segment_count - old.ip, Intent::Write,
                             As::Processor);
}

bool Switch::read_new()
{
    const Layout& layout = layout_of(tss_.attributes);
    const auto field = [&](std::uint32_t offset, unsigned size, auto& into) {
        std::uint64_t value = 0;
        if (!read_sized(cpu_, address(tss_.base, offset), size, value, As::Processor)) {
            return false;
        }
        into = static_cast<std::remove_reference_t<decltype(into)>>(value);
        return true;
    };
    if (!field(layout.ip, layout.width, task_.ip) || !field(layout.flags, layout.width, task_.flags) ||
        !field(layout.ldt, 2, task_.ldt)) {
        return false;
    }
    for (unsigned i = 0; i < task_.gpr.size(); ++i) {
        if (!field(layout.gpr + i * layout.width, layout.width, task_.gpr[i])) {
            return false;
        }
        if (layout.width == 2) {
            task_.gpr[i] |= 0xffff'0000;
        }
    }
    for (unsigned i = 0; i < layout.segment_count; ++i) {
        if (!field(layout.segments + i * layout.segment_stride, 2, task_.selectors[i])) {
            return false;
        }
    }
    if (layout.width == 4) {
        std::uint8_t trap = 0;
        if (!field(kTssCr3, 4, task_.cr3) || !field(kTssTrap, 1, trap)) {
            return false;
        }
        task_.trap = (trap & 1) != 0;
    }
    // The back link will be written and must not fault then.
    return !nested_ || cpu_.probe_linear(address(tss_.base, 0), 2, Intent::Write, As::Processor);
}

bool Switch::save_old()
{
    const Layout& layout = layout_of(cpu_.s.tr.attributes);
    const std::uint64_t base = cpu_.s.tr.base;
    std::uint64_t flags = cpu_.s.rflags;
    if (to_.by == SwitchBy::Return) {
        flags &= ~fl::kNt;
    }
    if (!write_sized(cpu_, address(base, layout.ip), layout.width, to_.return_rip, As::Processor) ||
        !write_sized(cpu_, address(base, layout.flags), layout.width, flags, As::Processor)) {
        return false;
    }
    for (unsigned i = 0; i < 8; ++i) {
        if (!write_sized(cpu_, address(base, layout.gpr + i * layout.width), layout.width, cpu_.s.gpr[i],
                         As::Processor)) {
            return false;
        }
    }
    for (unsigned i = 0; i < layout.segment_count; ++i) {
        const std::uint32_t offset = layout.segments + i * layout.segment_stride;
        if (!write_sized(cpu_, address(base, offset), 2, cpu_.s.segments[i].selector, As::Processor)) {
            return false;
        }
    }
    return true;
}

bool Switch::update_descriptors()
{
    if (!nested_) { // JMP and IRET leave the old task for good
        TableEntry old;
        if (find_descriptor(cpu_, cpu_.s.tr.selector, old) == Lookup::Fault) {
            return false;
        }
        if (old.linear != x86::Linear{} && !mark_available(cpu_, old)) {
            return false;
        }
    }
    if (nested_ && !write_sized(cpu_, address(tss_.base, 0), 2, cpu_.s.tr.selector, As::Processor)) {
        return false;
    }
    return to_.by == SwitchBy::Return || mark_busy(cpu_, to_.entry);
}

void Switch::load_registers()
{
    constexpr std::uint64_t kLoaded = fl::kArithmetic | fl::kTf | fl::kIf | fl::kDf | fl::kIopl | fl::kNt | fl::kRf |
                                      fl::kVm | fl::kAc | fl::kVif | fl::kVip | fl::kId;
    cpu_.s.tr = tss_;
    cpu_.s.tr.attributes.type |= 2;
    cpu_.s.cr0 |= x86::cr0::kTs;
    cpu_.s.rip = task_.ip;
    cpu_.s.rflags = (task_.flags & kLoaded) | fl::kFixed1 | (nested_ ? fl::kNt : 0);
    for (unsigned i = 0; i < 8; ++i) {
        cpu_.s.gpr[i] = task_.gpr[i];
    }
    // Until their descriptors are loaded, only the selectors of the segment registers count.
    for (unsigned i = 0; i < x86::kSegCount; ++i) {
        cpu_.s.segments[i].selector = task_.selectors[i];
    }
    cpu_.s.dr7 &= ~std::uint64_t{0x155}; // the local breakpoint enables, and LE
    cpu_.s.ldtr = null_segment(task_.ldt);
}

bool Switch::load_ldt()
{
    if (is_null(task_.ldt)) {
        return true;
    }
    TableEntry entry;
    if ((task_.ldt & 4) != 0) {
        return refuse_selector(Exception::Ts, task_.ldt);
    }
    if (!need_descriptor(cpu_, task_.ldt, entry, Exception::Ts, to_.ext)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    if (attributes.s || entry.descriptor.system_type() != SystemType::Ldt || !attributes.p) {
        return refuse_selector(Exception::Ts, task_.ldt);
    }
    cpu_.s.ldtr = make_segment(task_.ldt, entry.descriptor);
    return true;
}

bool Switch::load_code()
{
    const std::uint16_t cs = selector(Seg::Cs);
    TableEntry entry;
    if (is_null(cs)) {
        return refuse_selector(Exception::Ts, cs);
    }
    if (!need_descriptor(cpu_, cs, entry, Exception::Ts, to_.ext)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    const bool level = attributes.conforming() ? attributes.dpl <= rpl(cs) : attributes.dpl == rpl(cs);
    if (!attributes.code() || !level) {
        return refuse_selector(Exception::Ts, cs);
    }
    if (!attributes.p) {
        return refuse_selector(Exception::Np, cs);
    }
    if (!mark_accessed(cpu_, entry)) {
        return false;
    }
    cpu_.s.segment(Seg::Cs) = make_segment(cs, entry.descriptor);
    return true;
}

bool Switch::load_stack()
{
    const std::uint16_t ss = selector(Seg::Ss);
    const unsigned level = rpl(selector(Seg::Cs));
    TableEntry entry;
    if (is_null(ss)) {
        return refuse_selector(Exception::Ts, ss);
    }
    if (!need_descriptor(cpu_, ss, entry, Exception::Ts, to_.ext)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    if (!attributes.writable() || attributes.dpl != level || rpl(ss) != level) {
        return refuse_selector(Exception::Ts, ss);
    }
    if (!attributes.p) {
        return refuse_selector(Exception::Ss, ss);
    }
    if (!mark_accessed(cpu_, entry)) {
        return false;
    }
    cpu_.s.segment(Seg::Ss) = make_segment(ss, entry.descriptor);
    return true;
}

bool Switch::load_data(Seg seg)
{
    const std::uint16_t number = selector(seg);
    if (is_null(number)) {
        cpu_.s.segment(seg) = null_segment(number);
        return true;
    }
    TableEntry entry;
    if (!need_descriptor(cpu_, number, entry, Exception::Ts, to_.ext)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    const bool privileged = rpl(number) <= attributes.dpl && cpu_.cpl() <= attributes.dpl;
    if (!attributes.readable() || (!attributes.conforming() && !privileged)) {
        return refuse_selector(Exception::Ts, number);
    }
    if (!attributes.p) {
        return refuse_selector(Exception::Np, number);
    }
    if (!mark_accessed(cpu_, entry)) {
        return false;
    }
    cpu_.s.segment(seg) = make_segment(number, entry.descriptor);
    return true;
}

bool Switch::load_segments()
{
    const unsigned level = rpl(selector(Seg::Cs));
    // A fault from here on comes up in the new task: nothing of the old one may shine through.
    for (const Seg seg : {Seg::Es, Seg::Cs, Seg::Ss, Seg::Ds, Seg::Fs, Seg::Gs}) {
        cpu_.s.segment(seg) = null_segment(selector(seg), level);
    }
    cpu_.s.segment(Seg::Ss).attributes.dpl = static_cast<std::uint8_t>(level);
    cpu_.set_cpl(level);
    cpu_.mode_changed();
    if (!load_ldt() || !load_code() || !load_stack()) {
        cpu_.mode_changed();
        return false;
    }
    for (const Seg seg : {Seg::Ds, Seg::Es, Seg::Fs, Seg::Gs}) {
        if (!load_data(seg)) {
            cpu_.mode_changed();
            return false;
        }
    }
    cpu_.mode_changed();
    return true;
}

bool Switch::push_error_code()
{
    if (!to_.has_error_code) {
        return true;
    }
    Stack stack = current_stack(cpu_);
    stack.error = to_.ext;
    const std::array<std::uint64_t, 1> frame{to_.error_code};
    if (!push_values(cpu_, stack, frame, layout_of(tss_.attributes).width)) {
        return false;
    }
    store_pointer(cpu_, stack);
    return true;
}

bool Switch::run()
{
    if (!check() || !read_new() || !save_old() || !update_descriptors()) {
        return false;
    }
    const bool wide = layout_of(tss_.attributes).width == 4;
    load_registers();
    if (wide && (cpu_.s.cr0 & x86::cr0::kPg) != 0 && !load_cr3(cpu_, task_.cr3)) {
        cpu_.mode_changed();
        return cpu_.refuse(Exception::Ts, error_of(to_.selector) | to_.ext);
    }
    if ((cpu_.s.rflags & fl::kVm) != 0) {
        if (!load_ldt()) {
            cpu_.mode_changed();
            return false;
        }
        enter_v86(cpu_, {selector(Seg::Cs), selector(Seg::Ss), selector(Seg::Es), selector(Seg::Ds), selector(Seg::Fs),
                         selector(Seg::Gs)});
    } else if (!load_segments()) {
        return false;
    }
    if (cpu_.s.rip > cpu_.s.segment(Seg::Cs).limit) {
        return cpu_.refuse(Exception::Gp, to_.ext);
    }
    if (!push_error_code()) {
        return false;
    }
    if (task_.trap) {
        cpu_.pending_debug |= x86::dr6::kBt;
    }
    return true;
}

} // namespace

bool switch_task(Cpu& cpu, const TaskSwitch& to)
{
    return Switch{cpu, to}.run();
}

} // namespace windsor::emulate
