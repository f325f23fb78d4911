// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptor table registers, caches, and halting. SDM volume 2, LGDT, SGDT, INVLPG, HLT.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "x86/address.hpp"

namespace windsor::emulate {

using x86::Exception;

namespace {

bool privileged(Cpu& cpu)
{
    return cpu.cpl() == 0 || cpu.refuse(Exception::Gp);
}

bool load_table(Cpu& cpu, const Insn& insn, x86::DescriptorTable& table)
{
    std::uint64_t limit = 0;
    std::uint64_t base = 0;
    if (!privileged(cpu) || !read_operand(cpu, insn, 0, 2, limit) ||
        !read_operand(cpu, insn, 2, cpu.long64() ? 8 : 4, base)) {
        return false;
    }
    if (cpu.long64() && !x86::canonical(base)) {
        return cpu.refuse(Exception::Gp);
    }
    if (insn.extra == 2) { // 16-bit operand size: 24 bits of base
        base &= 0xff'ffff;
    }
    table = {.base = base, .limit = static_cast<std::uint16_t>(limit)};
    return true;
}

Outcome store_table(Cpu& cpu, const Insn& insn, const x86::DescriptorTable& table)
{
    if (!may_look(cpu)) {
        return Outcome::Fault;
    }
    const unsigned width = cpu.long64() ? 8 : 4;
    // Both parts are checked before either is written.
    std::uint64_t old = 0;
    if (!read_for_write_operand(cpu, insn, 2, width, old) || !write_operand(cpu, insn, 0, 2, table.limit) ||
        !write_operand(cpu, insn, 2, width, table.base)) {
        return Outcome::Fault;
    }
    return Outcome::Next;
}

Outcome lgdt(Cpu& cpu, const Insn& insn)
{
    return load_table(cpu, insn, cpu.s.gdtr) ? Outcome::Next : Outcome::Fault;
}

Outcome lidt(Cpu& cpu, const Insn& insn)
{
    return load_table(cpu, insn, cpu.s.idtr) ? Outcome::Next : Outcome::Fault;
}

Outcome sgdt(Cpu& cpu, const Insn& insn)
{
    return store_table(cpu, insn, cpu.s.gdtr);
}

Outcome sidt(Cpu& cpu, const Insn& insn)
{
    return store_table(cpu, insn, cpu.s.idtr);
}

template <Handler handler> Handler select_table(const Decoded& decoded, Insn& insn)
{
    if (!insn.memory) {
        return nullptr;
    }
    const bool long64 = decoded.instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64;
    insn.extra = !long64 && decoded.instruction.operand_width == 16 ? 2 : 0;
    return handler;
}

Outcome invlpg(Cpu& cpu, const Insn& insn)
{
    if (!privileged(cpu)) {
        return Outcome::Fault;
    }
    x86::Linear linear{cpu.effective_address(insn)};
    const bool based = !cpu.long64() || insn.segment == x86::Seg::Fs || insn.segment == x86::Seg::Gs;
    if (based) {
        linear += cpu.s.segment(insn.segment).base;
    }
    if (!cpu.long64()) {
        linear &= 0xffff'ffff;
    } else if (!x86::canonical(linear)) {
        return finish(cpu, insn);
    }
    cpu.invalidate_page(linear);
    return finish(cpu, insn);
}

// INVD and WBINVD: there is no cache to speak of.
Outcome cache_control(Cpu& cpu, const Insn&)
{
    return privileged(cpu) ? Outcome::Next : Outcome::Fault;
}

Outcome hlt(Cpu& cpu, const Insn& insn)
{
    if (!privileged(cpu)) {
        return Outcome::Fault;
    }
    cpu.s.rip = cpu.next_rip(insn);
    cpu.s.activity = vcpu::Activity::Halted;
    return Outcome::Halt;
}

// RSM outside system management mode.
Outcome undefined(Cpu& cpu, const Insn&)
{
    return cpu.raise(Exception::Ud);
}

} // namespace

void add_system_tables(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_LGDT, select_table<serializing<lgdt>>);
    table.set(ZYDIS_MNEMONIC_LIDT, select_table<serializing<lidt>>);
    table.set(ZYDIS_MNEMONIC_SGDT, select_table<sgdt>);
    table.set(ZYDIS_MNEMONIC_SIDT, select_table<sidt>);
    table.set(ZYDIS_MNEMONIC_INVLPG, ending<serializing<invlpg>>);
    table.set(ZYDIS_MNEMONIC_INVD, plain<serializing<cache_control>>);
    table.set(ZYDIS_MNEMONIC_WBINVD, plain<serializing<cache_control>>);
    table.set(ZYDIS_MNEMONIC_HLT, ending<hlt>);
    table.set(ZYDIS_MNEMONIC_RSM, plain<undefined>);
}

} // namespace windsor::emulate
