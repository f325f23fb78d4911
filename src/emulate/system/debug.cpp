// SPDX-License-Identifier: GPL-2.0-or-later
// Debug registers, breakpoints and single-stepping. SDM volume 3B, chapter 17.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

#include <utility>

namespace windsor::emulate {

using x86::Exception;
namespace d6 = x86::dr6;
namespace d7 = x86::dr7;

namespace {

// R/Wn and LENn of DR7.
enum class Condition : std::uint8_t { Execute, Write, Io, ReadWrite };

Condition condition(std::uint64_t dr7, unsigned n)
{
    return static_cast<Condition>((dr7 >> (16 + n * 4)) & 3);
}

unsigned length(std::uint64_t dr7, unsigned n)
{
    constexpr unsigned kLengths[] = {1, 2, 8, 4};
    return kLengths[(dr7 >> (18 + n * 4)) & 3];
}

bool armed(std::uint64_t dr7, unsigned n)
{
    return ((dr7 >> (n * 2)) & 3) != 0;
}

// DR4 and DR5 are other names of DR6 and DR7 unless CR4.DE is set.
bool resolve(Cpu& cpu, unsigned& number)
{
    if (number == 4 || number == 5) {
        if ((cpu.s.cr4 & x86::cr4::kDe) != 0) {
            return cpu.refuse(Exception::Ud);
        }
        number += 2;
    }
    return number < 8 || cpu.refuse(Exception::Ud);
}

// Bits 0 to 3 of DR6 are as of the last #DB; the processor never clears the others. SDM volume 3B, section 17.2.3.
void note_met(Cpu& cpu, std::uint64_t met)
{
    constexpr std::uint64_t kBreakpoints = 15;
    cpu.s.dr6 = (cpu.s.dr6 & ~kBreakpoints) | met;
}

// Checks the privilege, and DR7.GD (general detection).
bool may_access(Cpu& cpu)
{
    if (cpu.cpl() != 0) {
        return cpu.refuse(Exception::Gp);
    }
    if ((cpu.s.dr7 & d7::kGd) != 0) {
        merge_delayed_traps(cpu);
        cpu.s.dr6 |= d6::kBd;
        return cpu.refuse(Exception::Db);
    }
    return true;
}

Outcome mov_from_debug(Cpu& cpu, const Insn& insn)
{
    unsigned number = insn.extra;
    if (!resolve(cpu, number) || !may_access(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t value = number < 4 ? cpu.s.dr[number] : number == 6 ? cpu.s.dr6 : cpu.s.dr7;
    set_reg_sized(cpu, insn.rm, insn.operand_size, value);
    return Outcome::Next;
}

Outcome mov_to_debug(Cpu& cpu, const Insn& insn)
{
    unsigned number = insn.extra;
    if (!resolve(cpu, number) || !may_access(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t value = cpu.s.gpr[insn.rm] & size_mask(insn.operand_size);
    if (number >= 6 && (value >> 32) != 0) {
        return cpu.raise(Exception::Gp);
    }
    constexpr std::uint64_t kDr6Writable = 0xe00f;
    constexpr std::uint64_t kDr7Writable = 0xffff23ff;
    if (number < 4) {
        cpu.s.dr[number] = value;
    } else if (number == 6) {
        cpu.s.dr6 = (value & kDr6Writable) | d6::kFixed1;
    } else {
        cpu.s.dr7 = (value & kDr7Writable) | d7::kFixed1;
    }
    cpu.mode_changed();
    return finish(cpu, insn);
}

bool names_debug(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_DR0 &&
           operand.reg.value <= ZYDIS_REGISTER_DR15;
}

} // namespace

Handler select_debug_move(const Decoded& decoded, Insn& insn)
{
    const auto& operands = decoded.operands;
    const bool to = names_debug(operands[0]);
    if (!to && !names_debug(operands[1])) {
        return nullptr;
    }
    insn.extra = static_cast<std::uint8_t>(operands[to ? 0 : 1].reg.value - ZYDIS_REGISTER_DR0);
    insn.rm = static_cast<std::uint8_t>(ZydisRegisterGetId(operands[to ? 1 : 0].reg.value));
    insn.operand_size = decoded.instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64 ? 8 : 4;
    insn.ends_block = to;
    return to ? serializing<mov_to_debug> : mov_from_debug;
}

void merge_delayed_traps(Cpu& cpu)
{
    if (cpu.pending_debug != 0) {
        note_met(cpu, std::exchange(cpu.pending_debug, 0));
    }
}

bool deliver_debug_traps(Cpu& cpu, SingleStep step)
{
    const std::uint64_t met = cpu.pending_debug | (step == SingleStep::Yes ? d6::kBs : 0);
    if (met == 0) {
        return true;
    }
    cpu.pending_debug = 0;
    note_met(cpu, met);
    return deliver(cpu, {.kind = Event::Kind::Exception,
                         .vector = static_cast<std::uint8_t>(Exception::Db),
                         .return_rip = cpu.s.rip});
}

bool meets_instruction_breakpoint(Cpu& cpu)
{
    if ((cpu.s.rflags & x86::rflags::kRf) != 0 || (cpu.s.dr7 & d7::kEnables) == 0) {
        return false;
    }
    const std::uint64_t base = cpu.long64() ? 0 : cpu.s.segment(x86::Seg::Cs).base;
    const x86::Linear linear = x86::Linear{base + cpu.s.rip} & cpu.linear_mask();
    std::uint64_t met = 0;
    for (unsigned n = 0; n < 4; ++n) {
        if (armed(cpu.s.dr7, n) && condition(cpu.s.dr7, n) == Condition::Execute && cpu.s.dr[n] == linear.raw()) {
            met |= 1u << n;
        }
    }
    if (met == 0) {
        return false;
    }
    note_met(cpu, met);
    cpu.raise(Exception::Db);
    return true;
}

// Whether [at, at + size) touches what DRn watches. If that is more than a byte, the low bits of DRn do not count.
static bool touches(const Cpu& cpu, unsigned n, std::uint64_t at, unsigned size)
{
    const unsigned bytes = length(cpu.s.dr7, n);
    const std::uint64_t first = cpu.s.dr[n] & ~std::uint64_t{bytes - 1};
    return at < first + bytes && first < at + size;
}

void note_data_breakpoint(Cpu& cpu, x86::Linear linear, unsigned size, Intent intent)
{
    for (unsigned n = 0; n < 4; ++n) {
        const Condition on = condition(cpu.s.dr7, n);
        const bool matches = on == Condition::ReadWrite || (on == Condition::Write && intent != Intent::Read);
        if (!armed(cpu.s.dr7, n) || !matches) {
            continue;
        }
        if (touches(cpu, n, linear.raw(), size)) {
            cpu.pending_debug |= 1u << n;
        }
    }
}

std::uint64_t port_breakpoints(const Cpu& cpu, std::uint16_t port, unsigned size)
{
    std::uint64_t met = 0;
    if ((cpu.s.dr7 & d7::kEnables) == 0 || (cpu.s.cr4 & x86::cr4::kDe) == 0) {
        return met;
    }
    for (unsigned n = 0; n < 4; ++n) {
        if (armed(cpu.s.dr7, n) && condition(cpu.s.dr7, n) == Condition::Io && touches(cpu, n, port, size)) {
            met |= 1u << n;
        }
    }
    return met;
}

} // namespace windsor::emulate
