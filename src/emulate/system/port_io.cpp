// SPDX-License-Identifier: GPL-2.0-or-later
// IN OUT INS OUTS.
#include "emulate/integer/string_loop.hpp"
#include "emulate/system/system.hpp"

#include <algorithm>

namespace windsor::emulate {

namespace {

using x86::Seg;

// What a device does upon an access may concern the very next instruction: the A20 gate, memory mappings, interrupts.
void after_access(Cpu& cpu)
{
    ++cpu.statistics().port_accesses;
    if (cpu.signals().pending() != 0) {
        cpu.leave_block();
    }
}

void look_for_breakpoints(Cpu& cpu, std::uint16_t port, unsigned size)
{
    if (const std::uint64_t met = port_breakpoints(cpu, port, size); met != 0) {
        cpu.pending_debug |= met;
        cpu.leave_block();
    }
}

template <typename T> T read_port(Cpu& cpu, std::uint16_t port)
{
    const auto value = static_cast<T>(cpu.io().port_read(base::Port{port}, static_cast<unsigned>(sizeof(T))));
    after_access(cpu);
    look_for_breakpoints(cpu, port, sizeof(T));
    return value;
}

template <typename T> void write_port(Cpu& cpu, std::uint16_t port, T value)
{
    cpu.io().port_write(base::Port{port}, unsigned{sizeof(T)}, static_cast<std::uint32_t>(value));
    after_access(cpu);
    look_for_breakpoints(cpu, port, sizeof(T));
}

constexpr std::size_t kWidest = 4; // bytes of a port
// Elements that are written at once. A write may have a device do much work, such as a graphics adapter that draws, and
// neither can others have the machine meanwhile, nor is a request to stop looked at.
constexpr std::uint64_t kMostWrites = 16;

// Counts the accesses of a string instruction that were made at once.
void accessed(Cpu& cpu, std::uint64_t count)
{
    cpu.statistics().port_accesses += count - 1;
    after_access(cpu);
}

template <bool kByDx> std::uint16_t port_of(const Cpu& cpu, const Insn& insn)
{
    return kByDx ? cpu.reg<std::uint16_t>(x86::kRdx) : static_cast<std::uint16_t>(insn.immediate & 0xff);
}

template <typename T, bool kByDx> Outcome in(Cpu& cpu, const Insn& insn)
{
    const std::uint16_t port = port_of<kByDx>(cpu, insn);
    if (!port_allowed(cpu, port, sizeof(T))) {
        return Outcome::Fault;
    }
    cpu.set_reg<T>(x86::kRax, read_port<T>(cpu, port));
    return Outcome::Next;
}

template <typename T, bool kByDx> Outcome out(Cpu& cpu, const Insn& insn)
{
    const std::uint16_t port = port_of<kByDx>(cpu, insn);
    if (!port_allowed(cpu, port, sizeof(T))) {
        return Outcome::Fault;
    }
    write_port<T>(cpu, port, cpu.reg<T>(x86::kRax));
    return Outcome::Next;
}

// Ports are at most four bytes wide; a REX.W changes nothing.
template <typename Make> Handler by_port_width(unsigned bytes, Make&& make)
{
    switch (bytes) {
    case 1: return make.template operator()<std::uint8_t>();
    case 2: return make.template operator()<std::uint16_t>();
    default: return make.template operator()<std::uint32_t>();
    }
}

Handler select_in(const Decoded& decoded, Insn& insn)
{
    const bool by_dx = decoded.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    insn.ends_block = true;
    return by_port_width(width_of(decoded),
                         [by_dx]<typename T>() -> Handler { return by_dx ? in<T, true> : in<T, false>; });
}

Handler select_out(const Decoded& decoded, Insn& insn)
{
    const bool by_dx = decoded.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
    insn.ends_block = true;
    return by_port_width(width_of(decoded, 1),
                         [by_dx]<typename T>() -> Handler { return by_dx ? out<T, true> : out<T, false>; });
}

// The destination is checked before the port is read: a device must not lose a byte to a page fault.
template <typename T, typename A> struct Ins {
    static constexpr bool kCompares = false;
    static bool permitted(Cpu& cpu) { return port_allowed(cpu, cpu.reg<std::uint16_t>(x86::kRdx), sizeof(T)); }
    static bool once(Cpu& cpu, const Insn&)
    {
        const auto port = cpu.reg<std::uint16_t>(x86::kRdx);
        const std::uint64_t offset = cpu.reg<A>(x86::kRdi);
        x86::Linear linear;
        if (!permitted(cpu) || !cpu.linearize(Seg::Es, offset, sizeof(T), Intent::Write, linear) ||
            !cpu.probe_linear(linear, sizeof(T), Intent::Write, As::Program)) {
            return false;
        }
        if (!cpu.write<T>(Seg::Es, offset, read_port<T>(cpu, port))) {
            return false;
        }
        advance<T, A>(cpu, x86::kRdi);
        return true;
    }
    static std::uint64_t many(Cpu& cpu, const Insn&, std::uint64_t count)
    {
        if (sizeof(T) > kWidest || !permitted(cpu) ||
            port_breakpoints(cpu, cpu.reg<std::uint16_t>(x86::kRdx), sizeof(T)) != 0) {
            return 0;
        }
        const Cpu::Run to = cpu.direct_run(Seg::Es, cpu.reg<A>(x86::kRdi), Intent::Write);
        count = std::min({count, to.bytes / sizeof(T), before_wrap<T, A>(cpu, x86::kRdi)});
        if (count == 0) {
            return 0;
        }
        cpu.io().port_read_run(base::Port{cpu.reg<std::uint16_t>(x86::kRdx)}, sizeof(T), {to.host, count * sizeof(T)});
        skip<T, A>(cpu, x86::kRdi, count);
        accessed(cpu, count);
        return count;
    }
};

template <typename T, typename A> struct Outs {
    static constexpr bool kCompares = false;
    static bool permitted(Cpu& cpu) { return port_allowed(cpu, cpu.reg<std::uint16_t>(x86::kRdx), sizeof(T)); }
    static bool once(Cpu& cpu, const Insn& insn)
    {
        const auto port = cpu.reg<std::uint16_t>(x86::kRdx);
        T value = 0;
        if (!permitted(cpu) || !cpu.read<T>(insn.segment, cpu.reg<A>(x86::kRsi), value)) {
            return false;
        }
        write_port<T>(cpu, port, value);
        advance<T, A>(cpu, x86::kRsi);
        return true;
    }
    static std::uint64_t many(Cpu& cpu, const Insn& insn, std::uint64_t count)
    {
        if (sizeof(T) > kWidest || !permitted(cpu) ||
            port_breakpoints(cpu, cpu.reg<std::uint16_t>(x86::kRdx), sizeof(T)) != 0) {
            return 0;
        }
        const Cpu::Run from = cpu.direct_run(insn.segment, cpu.reg<A>(x86::kRsi), Intent::Read);
        count = std::min({count, kMostWrites, from.bytes / sizeof(T), before_wrap<T, A>(cpu, x86::kRsi)});
        if (count == 0) {
            return 0;
        }
        cpu.io().port_write_run(base::Port{cpu.reg<std::uint16_t>(x86::kRdx)}, sizeof(T),
                                {from.host, count * sizeof(T)});
        skip<T, A>(cpu, x86::kRsi, count);
        accessed(cpu, count);
        return count;
    }
};

} // namespace

void add_ports(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_IN, select_in);
    table.set(ZYDIS_MNEMONIC_OUT, select_out);
    for (const auto mnemonic : {ZYDIS_MNEMONIC_INSB, ZYDIS_MNEMONIC_INSW, ZYDIS_MNEMONIC_INSD}) {
        table.set(mnemonic, select_repeated<Ins>);
    }
    for (const auto mnemonic : {ZYDIS_MNEMONIC_OUTSB, ZYDIS_MNEMONIC_OUTSW, ZYDIS_MNEMONIC_OUTSD}) {
        table.set(mnemonic, select_repeated<Outs>);
    }
}

} // namespace windsor::emulate
