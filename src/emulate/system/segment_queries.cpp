// SPDX-License-Identifier: GPL-2.0-or-later
// LDTR and TR, and the instructions that ask about descriptors without loading them. SDM volume 2.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "x86/address.hpp"

namespace windsor::emulate {

using x86::Attributes;
using x86::Exception;
using x86::Seg;
using x86::SystemType;

namespace {

bool read_selector(Cpu& cpu, const Insn& insn, std::uint16_t& selector)
{
    std::uint64_t value = cpu.reg<std::uint16_t>(insn.rm);
    if (insn.memory && !read_operand(cpu, insn, 0, 2, value)) {
        return false;
    }
    selector = static_cast<std::uint16_t>(value);
    return true;
}

Outcome store_selector(Cpu& cpu, const Insn& insn, std::uint16_t selector)
{
    if (!cpu.protected_mode()) {
        return cpu.raise(Exception::Ud);
    }
    if (!may_look(cpu)) {
        return Outcome::Fault;
    }
    if (insn.memory) {
        return write_operand(cpu, insn, 0, 2, selector) ? Outcome::Next : Outcome::Fault;
    }
    set_reg_sized(cpu, insn.rm, insn.operand_size, selector);
    return Outcome::Next;
}

Outcome sldt(Cpu& cpu, const Insn& insn)
{
    return store_selector(cpu, insn, cpu.s.ldtr.selector);
}

Outcome str(Cpu& cpu, const Insn& insn)
{
    return store_selector(cpu, insn, cpu.s.tr.selector);
}

// What LLDT and LTR have in common: privilege, operand, and a descriptor in the GDT.
bool find_for_system_register(Cpu& cpu, const Insn& insn, std::uint16_t& selector, TableEntry& entry)
{
    if (!cpu.protected_mode()) {
        return cpu.refuse(Exception::Ud);
    }
    if (cpu.cpl() != 0) {
        return cpu.refuse(Exception::Gp);
    }
    if (!read_selector(cpu, insn, selector)) {
        return false;
    }
    if (is_null(selector)) {
        return true;
    }
    if ((selector & 4) != 0) {
        return cpu.refuse(Exception::Gp, error_of(selector));
    }
    const Lookup found = find_system_descriptor(cpu, selector, entry);
    return found == Lookup::Found || (found == Lookup::Outside && cpu.refuse(Exception::Gp, error_of(selector)));
}

Outcome lldt(Cpu& cpu, const Insn& insn)
{
    std::uint16_t selector = 0;
    TableEntry entry;
    if (!find_for_system_register(cpu, insn, selector, entry)) {
        return Outcome::Fault;
    }
    if (is_null(selector)) {
        cpu.s.ldtr = null_segment(selector);
        return Outcome::Next;
    }
    const Attributes attributes = entry.descriptor.attributes();
    if (attributes.s || entry.descriptor.system_type() != SystemType::Ldt || !x86::canonical(system_base(cpu, entry))) {
        return cpu.raise(Exception::Gp, error_of(selector));
    }
    if (!attributes.p) {
        return cpu.raise(Exception::Np, error_of(selector));
    }
    cpu.s.ldtr = make_segment(selector, entry.descriptor);
    cpu.s.ldtr.base = system_base(cpu, entry);
    return Outcome::Next;
}

Outcome ltr(Cpu& cpu, const Insn& insn)
{
    std::uint16_t selector = 0;
    TableEntry entry;
    if (!find_for_system_register(cpu, insn, selector, entry)) {
        return Outcome::Fault;
    }
    if (is_null(selector)) {
        return cpu.raise(Exception::Gp);
    }
    const Attributes attributes = entry.descriptor.attributes();
    const SystemType type = entry.descriptor.system_type();
    const bool available = type == SystemType::TssAvailable || (type == SystemType::Tss16Available && !cpu.long_mode());
    if (attributes.s || !available || !x86::canonical(system_base(cpu, entry))) {
        return cpu.raise(Exception::Gp, error_of(selector));
    }
    if (!attributes.p) {
        return cpu.raise(Exception::Np, error_of(selector));
    }
    if (!mark_busy(cpu, entry)) {
        return Outcome::Fault;
    }
    cpu.s.tr = make_segment(selector, entry.descriptor);
    cpu.s.tr.base = system_base(cpu, entry);
    cpu.s.tr.attributes.type |= 2;
    return Outcome::Next;
}

void set_zf(Cpu& cpu, bool value)
{
    cpu.s.rflags = (cpu.s.rflags & ~x86::rflags::kZf) | (value ? x86::rflags::kZf : 0);
}

bool visible(const Cpu& cpu, std::uint16_t selector, const Attributes& attributes)
{
    return attributes.conforming() || (cpu.cpl() <= attributes.dpl && rpl(selector) <= attributes.dpl);
}

enum class Query : std::uint8_t { Lar, Lsl };

// Whether an instruction answers for a system type. LSL leaves out the gates.
bool answers_for(const Cpu& cpu, SystemType type, Query query)
{
    const bool gates = query == Query::Lar;
    switch (type) {
    case SystemType::Ldt:
    case SystemType::TssAvailable:
    case SystemType::TssBusy: return true;
    case SystemType::Tss16Available:
    case SystemType::Tss16Busy: return !cpu.long_mode();
    case SystemType::CallGate: return gates;
    case SystemType::CallGate16:
    case SystemType::TaskGate: return gates && !cpu.long_mode();
    default: return false;
    }
}

struct Asked {
    std::uint16_t selector{0};
    bool found{false};
    TableEntry entry{};
};

bool ask(Cpu& cpu, const Insn& insn, Asked& asked)
{
    if (!cpu.protected_mode()) {
        return cpu.refuse(Exception::Ud);
    }
    if (!read_selector(cpu, insn, asked.selector)) {
        return false;
    }
    if (is_null(asked.selector)) {
        return true;
    }
    const Lookup lookup = find_descriptor(cpu, asked.selector, asked.entry);
    asked.found = lookup == Lookup::Found;
    return lookup != Lookup::Fault;
}

Outcome lar(Cpu& cpu, const Insn& insn)
{
    Asked asked;
    if (!ask(cpu, insn, asked)) {
        return Outcome::Fault;
    }
    const Attributes attributes = asked.entry.descriptor.attributes();
    const bool answers = asked.found && visible(cpu, asked.selector, attributes) &&
                         (attributes.s || answers_for(cpu, asked.entry.descriptor.system_type(), Query::Lar));
    set_zf(cpu, answers);
    if (answers) {
        set_reg_sized(cpu, insn.reg, insn.operand_size, asked.entry.descriptor.high() & 0x00f0ff00);
    }
    return Outcome::Next;
}

Outcome lsl(Cpu& cpu, const Insn& insn)
{
    Asked asked;
    if (!ask(cpu, insn, asked)) {
        return Outcome::Fault;
    }
    const Attributes attributes = asked.entry.descriptor.attributes();
    const bool answers = asked.found && visible(cpu, asked.selector, attributes) &&
                         (attributes.s || answers_for(cpu, asked.entry.descriptor.system_type(), Query::Lsl));
    set_zf(cpu, answers);
    if (answers) {
        set_reg_sized(cpu, insn.reg, insn.operand_size, asked.entry.descriptor.limit());
    }
    return Outcome::Next;
}

Outcome verr(Cpu& cpu, const Insn& insn)
{
    Asked asked;
    if (!ask(cpu, insn, asked)) {
        return Outcome::Fault;
    }
    const Attributes attributes = asked.entry.descriptor.attributes();
    set_zf(cpu, asked.found && attributes.readable() && visible(cpu, asked.selector, attributes));
    return Outcome::Next;
}

Outcome verw(Cpu& cpu, const Insn& insn)
{
    Asked asked;
    if (!ask(cpu, insn, asked)) {
        return Outcome::Fault;
    }
    const Attributes attributes = asked.entry.descriptor.attributes();
    set_zf(cpu, asked.found && attributes.writable() && visible(cpu, asked.selector, attributes));
    return Outcome::Next;
}

Outcome arpl(Cpu& cpu, const Insn& insn)
{
    if (!cpu.protected_mode()) {
        return cpu.raise(Exception::Ud);
    }
    std::uint64_t value = cpu.reg<std::uint16_t>(insn.rm);
    if (insn.memory) {
        std::uint16_t cell = 0;
        if (!cpu.read(insn.segment, cpu.effective_address(insn), cell)) {
            return Outcome::Fault;
        }
        value = cell;
    }
    const std::uint16_t source = cpu.reg<std::uint16_t>(insn.reg);
    const std::uint16_t selector = static_cast<std::uint16_t>(value);
    const bool adjust = rpl(selector) < rpl(source);
    if (adjust) {
        const std::uint16_t adjusted = with_rpl(selector, rpl(source));
        if (insn.memory && !write_operand(cpu, insn, 0, 2, adjusted)) {
            return Outcome::Fault;
        }
        if (!insn.memory) {
            cpu.set_reg(insn.rm, adjusted);
        }
    }
    set_zf(cpu, adjust);
    return Outcome::Next;
}

bool base_instructions_enabled(Cpu& cpu)
{
    return (cpu.long64() && (cpu.s.cr4 & x86::cr4::kFsgsbase) != 0) || cpu.refuse(Exception::Ud);
}

template <Seg seg> Outcome read_base(Cpu& cpu, const Insn& insn)
{
    if (!base_instructions_enabled(cpu)) {
        return Outcome::Fault;
    }
    set_reg_sized(cpu, insn.rm, insn.operand_size, cpu.s.segment(seg).base);
    return Outcome::Next;
}

template <Seg seg> Outcome write_base(Cpu& cpu, const Insn& insn)
{
    if (!base_instructions_enabled(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t base = cpu.s.gpr[insn.rm] & size_mask(insn.operand_size);
    if (!x86::canonical(base)) {
        return cpu.raise(Exception::Gp);
    }
    cpu.s.segment(seg).base = base;
    cpu.segment_changed(seg);
    return Outcome::Next;
}

Outcome swapgs(Cpu& cpu, const Insn&)
{
    if (!cpu.long64()) {
        return cpu.raise(Exception::Ud);
    }
    if (cpu.cpl() != 0) {
        return cpu.raise(Exception::Gp);
    }
    std::swap(cpu.s.segment(Seg::Gs).base, cpu.s.kernel_gs_base);
    cpu.segment_changed(Seg::Gs);
    return Outcome::Next;
}

} // namespace

void add_segment_queries(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_SLDT, plain<sldt>);
    table.set(ZYDIS_MNEMONIC_STR, plain<str>);
    table.set(ZYDIS_MNEMONIC_LLDT, plain<serializing<lldt>>);
    table.set(ZYDIS_MNEMONIC_LTR, plain<serializing<ltr>>);
    table.set(ZYDIS_MNEMONIC_LAR, plain<lar>);
    table.set(ZYDIS_MNEMONIC_LSL, plain<lsl>);
    table.set(ZYDIS_MNEMONIC_VERR, plain<verr>);
    table.set(ZYDIS_MNEMONIC_VERW, plain<verw>);
    table.set(ZYDIS_MNEMONIC_ARPL, plain<arpl>);
    table.set(ZYDIS_MNEMONIC_RDFSBASE, plain<read_base<Seg::Fs>>);
    table.set(ZYDIS_MNEMONIC_RDGSBASE, plain<read_base<Seg::Gs>>);
    table.set(ZYDIS_MNEMONIC_WRFSBASE, plain<write_base<Seg::Fs>>);
    table.set(ZYDIS_MNEMONIC_WRGSBASE, plain<write_base<Seg::Gs>>);
    table.set(ZYDIS_MNEMONIC_SWAPGS, plain<swapgs>);
}

} // namespace windsor::emulate
