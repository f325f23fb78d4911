// SPDX-License-Identifier: GPL-2.0-or-later
// INT n, INT3, INTO and INT1. SDM volume 2, INT n; volume 3B, section 20.3 (virtual-8086 mode extensions).
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

#include <array>

namespace windsor::emulate {

using x86::Exception;
using x86::Seg;
namespace fl = x86::rflags;

namespace {

Outcome interrupt(Cpu& cpu, const Insn& insn, Event::Kind kind, std::uint8_t vector)
{
    const Event event{.kind = kind, .vector = vector, .return_rip = cpu.next_rip(insn)};
    if (!deliver_once(cpu, event)) {
        return Outcome::Fault;
    }
    return Outcome::Exit;
}

// The software interrupt redirection bitmap lies in the 32 bytes below the I/O permission bitmap.
bool redirected(Cpu& cpu, std::uint8_t vector, bool& redirect)
{
    constexpr std::uint32_t kIoMapBase = 0x66;
    const x86::Segment& tr = cpu.s.tr;
    std::uint16_t map = 0;
    if (kIoMapBase + 1 > tr.limit) {
        return cpu.refuse(Exception::Gp);
    }
    if (!cpu.read_linear(x86::Linear{tr.base + kIoMapBase} & 0xffff'ffff, map, As::Processor)) {
        return false;
    }
    const std::uint32_t offset = map - 32u + vector / 8u;
    if (map < 32 || offset > tr.limit) {
        return cpu.refuse(Exception::Gp);
    }
    std::uint8_t bits = 0;
    if (!cpu.read_linear(x86::Linear{tr.base + offset} & 0xffff'ffff, bits, As::Processor)) {
        return false;
    }
    redirect = (bits & (1u << (vector & 7))) == 0;
    return true;
}

// Through the interrupt vector table at linear 0, as the 8086 would.
Outcome interrupt_8086(Cpu& cpu, const Insn& insn, std::uint8_t vector)
{
    std::uint32_t entry = 0;
    if (!cpu.read_linear(x86::Linear{vector * 4u}, entry, As::Program)) {
        return Outcome::Fault;
    }
    const bool trusted = cpu.iopl() == 3;
    std::uint64_t image = cpu.s.rflags & 0xffff;
    if (!trusted) {
        image = (image & ~fl::kIf) | fl::kIopl | ((cpu.s.rflags & fl::kVif) != 0 ? fl::kIf : 0);
    }
    Stack stack = current_stack(cpu);
    const std::array<std::uint64_t, 3> frame{image, cpu.s.segment(Seg::Cs).selector, cpu.next_rip(insn)};
    if (!push_values(cpu, stack, frame, 2)) {
        return Outcome::Fault;
    }
    store_pointer(cpu, stack);
    cpu.s.segment(Seg::Cs) = real_code_segment(cpu, static_cast<std::uint16_t>(entry >> 16));
    cpu.s.rip = entry & 0xffff;
    cpu.s.rflags &= ~(fl::kTf | fl::kNt | fl::kRf | (trusted ? fl::kIf : fl::kVif));
    cpu.mode_changed();
    return Outcome::Exit;
}

Outcome int_n(Cpu& cpu, const Insn& insn)
{
    const auto vector = static_cast<std::uint8_t>(insn.immediate);
    if (cpu.mode() == Mode::Virtual8086) {
        bool redirect = false;
        if ((cpu.s.cr4 & x86::cr4::kVme) != 0 && !redirected(cpu, vector, redirect)) {
            return Outcome::Fault;
        }
        if (redirect) {
            return interrupt_8086(cpu, insn, vector);
        }
        if (cpu.iopl() < 3) {
            return cpu.raise(Exception::Gp);
        }
    }
    return interrupt(cpu, insn, Event::Kind::Software, vector);
}

Outcome int3(Cpu& cpu, const Insn& insn)
{
    return interrupt(cpu, insn, Event::Kind::Software, static_cast<std::uint8_t>(Exception::Bp));
}

Outcome into(Cpu& cpu, const Insn& insn)
{
    if ((cpu.s.rflags & fl::kOf) == 0) {
        return Outcome::Next;
    }
    return interrupt(cpu, insn, Event::Kind::Software, static_cast<std::uint8_t>(Exception::Of));
}

// A debug trap without privilege checks; DR6 has nothing to say of it.
Outcome int1(Cpu& cpu, const Insn& insn)
{
    cpu.s.dr7 &= ~x86::dr7::kGd;
    merge_delayed_traps(cpu);
    return interrupt(cpu, insn, Event::Kind::Exception, static_cast<std::uint8_t>(Exception::Db));
}

} // namespace

void add_interrupts(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_INT, ending<int_n>);
    table.set(ZYDIS_MNEMONIC_INT3, ending<int3>);
    table.set(ZYDIS_MNEMONIC_INTO, ending<into>);
    table.set(ZYDIS_MNEMONIC_INT1, ending<int1>);
}

} // namespace windsor::emulate
