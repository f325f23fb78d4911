// SPDX-License-Identifier: GPL-2.0-or-later
// Loading data and stack segment registers. SDM volume 2, MOV, POP, LDS; volume 3A, sections 5.6 and 5.7.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

namespace windsor::emulate {

using x86::Attributes;
using x86::Exception;
using x86::Seg;
using x86::Segment;

namespace {

// Real mode changes selector and base only: limit and size stay as protected mode left them.
void load_real(Cpu& cpu, Seg seg, std::uint16_t selector)
{
    Segment& segment = cpu.s.segment(seg);
    segment.selector = selector;
    segment.base = std::uint64_t{selector} << 4;
    segment.attributes.type = 3;
    segment.attributes.s = true;
    segment.attributes.p = true;
    segment.unusable = false;
    if (cpu.mode() == Mode::Virtual8086) {
        segment.limit = 0xffff;
        segment.attributes = {.type = 3, .s = true, .dpl = 3, .p = true};
    }
}

bool load_stack(Cpu& cpu, std::uint16_t selector)
{
    const unsigned cpl = cpu.cpl();
    if (is_null(selector)) {
        if (!cpu.long64() || cpl == 3 || rpl(selector) != cpl) {
            return cpu.refuse(Exception::Gp);
        }
        cpu.s.segment(Seg::Ss) = null_segment(selector, cpl);
        return true;
    }
    TableEntry entry;
    if (!need_descriptor(cpu, selector, entry, Exception::Gp)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    if (rpl(selector) != cpl || !attributes.writable() || attributes.dpl != cpl) {
        return cpu.refuse(Exception::Gp, error_of(selector));
    }
    if (!attributes.p) {
        return cpu.refuse(Exception::Ss, error_of(selector));
    }
    if (!mark_accessed(cpu, entry)) {
        return false;
    }
    cpu.s.segment(Seg::Ss) = make_segment(selector, entry.descriptor);
    return true;
}

bool load_data(Cpu& cpu, Seg seg, std::uint16_t selector)
{
    if (is_null(selector)) {
        cpu.s.segment(seg) = null_segment(selector);
        return true;
    }
    TableEntry entry;
    if (!need_descriptor(cpu, selector, entry, Exception::Gp)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    const bool privileged = rpl(selector) <= attributes.dpl && cpu.cpl() <= attributes.dpl;
    if (!attributes.readable() || (!attributes.conforming() && !privileged)) {
        return cpu.refuse(Exception::Gp, error_of(selector));
    }
    if (!attributes.p) {
        return cpu.refuse(Exception::Np, error_of(selector));
    }
    if (!mark_accessed(cpu, entry)) {
        return false;
    }
    cpu.s.segment(seg) = make_segment(selector, entry.descriptor);
    return true;
}

} // namespace

bool load_segment(Cpu& cpu, Seg seg, std::uint16_t selector)
{
    if (!cpu.protected_mode()) {
        load_real(cpu, seg, selector);
    } else if (!(seg == Seg::Ss ? load_stack(cpu, selector) : load_data(cpu, seg, selector))) {
        return false;
    }
    cpu.segment_changed(seg);
    return true;
}

namespace {

Seg target(const Insn& insn)
{
    return static_cast<Seg>(insn.extra);
}

Outcome mov_to_segment(Cpu& cpu, const Insn& insn)
{
    std::uint64_t selector = cpu.reg<std::uint16_t>(insn.rm);
    if ((insn.memory && !read_operand(cpu, insn, 0, 2, selector)) ||
        !load_segment(cpu, target(insn), static_cast<std::uint16_t>(selector))) {
        return Outcome::Fault;
    }
    return Outcome::Next;
}

Outcome mov_to_ss(Cpu& cpu, const Insn& insn)
{
    if (mov_to_segment(cpu, insn) == Outcome::Fault) {
        return Outcome::Fault;
    }
    cpu.s.mov_ss_shadow = true;
    return finish(cpu, insn);
}

Outcome mov_from_segment(Cpu& cpu, const Insn& insn)
{
    const std::uint16_t selector = cpu.s.segment(target(insn)).selector;
    if (insn.memory) {
        return write_operand(cpu, insn, 0, 2, selector) ? Outcome::Next : Outcome::Fault;
    }
    set_reg_sized(cpu, insn.rm, insn.operand_size, selector);
    return Outcome::Next;
}

Outcome push_segment(Cpu& cpu, const Insn& insn)
{
    const std::uint16_t selector = cpu.s.segment(target(insn)).selector;
    bool pushed = false;
    switch (insn.operand_size) {
    case 2: pushed = cpu.push(selector); break;
    case 4: pushed = cpu.push(std::uint32_t{selector}); break;
    default: pushed = cpu.push(std::uint64_t{selector}); break;
    }
    return pushed ? Outcome::Next : Outcome::Fault;
}

Outcome pop_segment(Cpu& cpu, const Insn& insn)
{
    Stack stack = current_stack(cpu);
    std::uint64_t selector = 0;
    if (!peek(cpu, stack, 0, insn.operand_size, selector) ||
        !load_segment(cpu, target(insn), static_cast<std::uint16_t>(selector))) {
        return Outcome::Fault;
    }
    stack.pointer = (stack.pointer + insn.operand_size) & stack.mask;
    store_pointer(cpu, stack);
    return Outcome::Next;
}

Outcome pop_ss(Cpu& cpu, const Insn& insn)
{
    if (pop_segment(cpu, insn) == Outcome::Fault) {
        return Outcome::Fault;
    }
    cpu.s.mov_ss_shadow = true;
    return finish(cpu, insn);
}

// LDS, LES, LFS, LGS, LSS.
Outcome load_far_pointer(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::uint64_t selector = 0;
    if (!read_operand(cpu, insn, 0, insn.operand_size, offset) ||
        !read_operand(cpu, insn, insn.operand_size, 2, selector) ||
        !load_segment(cpu, target(insn), static_cast<std::uint16_t>(selector))) {
        return Outcome::Fault;
    }
    set_reg_sized(cpu, insn.reg, insn.operand_size, offset);
    return Outcome::Next;
}

template <Seg seg> Handler select_load_far(const Decoded&, Insn& insn)
{
    if (!insn.memory) {
        return nullptr;
    }
    insn.extra = static_cast<std::uint8_t>(seg);
    return load_far_pointer;
}

bool names_segment(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_ES &&
           operand.reg.value <= ZYDIS_REGISTER_GS;
}

std::uint8_t segment_number(const ZydisDecodedOperand& operand)
{
    return static_cast<std::uint8_t>(operand.reg.value - ZYDIS_REGISTER_ES);
}

} // namespace

Handler select_segment_move(const Decoded& decoded, Insn& insn)
{
    const auto& operands = decoded.operands;
    const ZydisMnemonic mnemonic = decoded.instruction.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_MOV && names_segment(operands[1])) {
        insn.extra = segment_number(operands[1]);
        return mov_from_segment;
    }
    if (!names_segment(operands[0])) {
        return nullptr;
    }
    insn.extra = segment_number(operands[0]);
    if (mnemonic == ZYDIS_MNEMONIC_PUSH) {
        return push_segment;
    }
    if (target(insn) == Seg::Cs) {
        return nullptr;
    }
    const bool stack = target(insn) == Seg::Ss;
    insn.ends_block = stack;
    if (mnemonic == ZYDIS_MNEMONIC_POP) {
        return stack ? pop_ss : pop_segment;
    }
    return stack ? mov_to_ss : mov_to_segment;
}

void add_segments(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_LES, select_load_far<Seg::Es>);
    table.set(ZYDIS_MNEMONIC_LDS, select_load_far<Seg::Ds>);
    table.set(ZYDIS_MNEMONIC_LSS, select_load_far<Seg::Ss>);
    table.set(ZYDIS_MNEMONIC_LFS, select_load_far<Seg::Fs>);
    table.set(ZYDIS_MNEMONIC_LGS, select_load_far<Seg::Gs>);
}

} // namespace windsor::emulate
