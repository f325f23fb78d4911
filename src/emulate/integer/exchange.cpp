// SPDX-License-Identifier: GPL-2.0-or-later
// XCHG XADD CMPXCHG CMPXCHG8B CMPXCHG16B.
#include "emulate/core/operands.hpp"
#include "emulate/integer/alu.hpp"

#include <array>
#include <thread>

namespace windsor::emulate {

namespace {

template <typename T> Outcome xchg_reg(Cpu& cpu, const Insn& insn)
{
    const T a = get<T>(cpu, insn.reg);
    put<T>(cpu, insn.reg, get<T>(cpu, insn.rm));
    put<T>(cpu, insn.rm, a);
    return Outcome::Next;
}

// A guest that spins gives the host's core away now and then, as the processor that it waits for may have none.
Outcome pause(Cpu& cpu, const Insn&)
{
    if (cpu.statistics().instructions % 512 < 4) { // seldom, but in loops of four instructions, too
        std::this_thread::yield();
    }
    return Outcome::Next;
}

// F3 90 is PAUSE, unless REX.B makes it an exchange with R8. SDM volume 2, XCHG.
Handler select_pause(const Decoded& decoded, Insn& insn)
{
    if (decoded.instruction.raw.rex.B == 0) {
        return pause;
    }
    insn.reg = x86::kRax;
    insn.rm = x86::kR8;
    if (insn.operand_size == 2) {
        return xchg_reg<std::uint16_t>;
    }
    return insn.operand_size == 8 ? xchg_reg<std::uint64_t> : xchg_reg<std::uint32_t>;
}

// XCHG with memory is locked with or without the prefix.
template <typename T> Outcome xchg_mem(Cpu& cpu, const Insn& insn)
{
    T old = 0;
    const T value = get<T>(cpu, insn.reg);
    const bool done = modify_at<T>(cpu, insn.segment, cpu.effective_address(insn), Lock::Yes, [&](T from_memory) {
        old = from_memory;
        return value;
    });
    if (!done) {
        return Outcome::Fault;
    }
    put<T>(cpu, insn.reg, old);
    return Outcome::Next;
}

Handler select_xchg(const Decoded& decoded, Insn& insn)
{
    Form form = arrange(decoded, insn);
    return by_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::RegReg ? xchg_reg<T> : xchg_mem<T>;
    });
}

template <typename T> Outcome xadd_reg(Cpu& cpu, const Insn& insn)
{
    const T old = get<T>(cpu, insn.reg);
    const T sum = alu::Add::apply<T>(old, get<T>(cpu, insn.rm), cpu.s.rflags);
    put<T>(cpu, insn.rm, old);
    put<T>(cpu, insn.reg, sum);
    return Outcome::Next;
}

template <typename T> Outcome xadd_mem(Cpu& cpu, const Insn& insn)
{
    T old = 0;
    std::uint64_t flags = 0;
    const T addend = get<T>(cpu, insn.reg);
    const bool done = modify<T>(cpu, insn, [&](T from_memory) {
        old = from_memory;
        flags = cpu.s.rflags;
        return alu::Add::apply<T>(from_memory, addend, flags);
    });
    if (!done) {
        return Outcome::Fault;
    }
    put<T>(cpu, insn.reg, old);
    cpu.s.rflags = flags;
    return Outcome::Next;
}

Handler select_xadd(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::RegReg ? xadd_reg<T> : xadd_mem<T>;
    });
}

// The accumulator's slot is 0 in every width. A failed 32-bit compare leaves the upper half of the destination be.
template <typename T> Outcome cmpxchg_reg(Cpu& cpu, const Insn& insn)
{
    const T expected = get<T>(cpu, 0);
    const T old = get<T>(cpu, insn.reg);
    alu::Cmp::apply<T>(expected, old, cpu.s.rflags);
    if (expected == old) {
        put<T>(cpu, insn.reg, get<T>(cpu, insn.rm));
    } else {
        put<T>(cpu, 0, old);
    }
    return Outcome::Next;
}

// Memory is written in either case: with the old value if the comparison fails.
template <typename T> Outcome cmpxchg_mem(Cpu& cpu, const Insn& insn)
{
    const T expected = get<T>(cpu, 0);
    const T replacement = get<T>(cpu, insn.reg);
    T old = 0;
    const bool done = modify<T>(cpu, insn, [&](T from_memory) {
        old = from_memory;
        return from_memory == expected ? replacement : from_memory;
    });
    if (!done) {
        return Outcome::Fault;
    }
    alu::Cmp::apply<T>(expected, old, cpu.s.rflags);
    if (expected != old) {
        put<T>(cpu, 0, old);
    }
    return Outcome::Next;
}

Handler select_cmpxchg(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::RegReg ? cmpxchg_reg<T> : cmpxchg_mem<T>;
    });
}

Outcome cmpxchg8b(Cpu& cpu, const Insn& insn)
{
    const auto pair = [&](unsigned high, unsigned low) {
        return (std::uint64_t{cpu.reg<std::uint32_t>(high)} << 32) | cpu.reg<std::uint32_t>(low);
    };
    const std::uint64_t expected = pair(x86::kRdx, x86::kRax);
    const std::uint64_t replacement = pair(x86::kRcx, x86::kRbx);
    std::uint64_t old = 0;
    const bool done = modify<std::uint64_t>(cpu, insn, [&](std::uint64_t from_memory) {
        old = from_memory;
        return from_memory == expected ? replacement : from_memory;
    });
    if (!done) {
        return Outcome::Fault;
    }
    replace_flags(cpu.s.rflags, x86::rflags::kZf, old == expected ? x86::rflags::kZf : 0);
    if (old != expected) {
        cpu.set_reg<std::uint32_t>(x86::kRax, static_cast<std::uint32_t>(old));
        cpu.set_reg<std::uint32_t>(x86::kRdx, static_cast<std::uint32_t>(old >> 32));
    }
    return Outcome::Next;
}

bool compare_exchange_16(std::uint8_t* host, std::array<std::uint64_t, 2>& expected,
                         const std::array<std::uint64_t, 2>& desired)
{
    bool same = false;
    asm volatile("lock cmpxchg16b (%[host])"
                 : "+a"(expected[0]), "+d"(expected[1]), "=@ccz"(same)
                 : [host] "r"(host), "b"(desired[0]), "c"(desired[1])
                 : "memory", "cc");
    return same;
}

// The operand must be aligned, so it lies in one page. SDM volume 2A, CMPXCHG16B.
Outcome cmpxchg16b(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t offset = cpu.effective_address(insn);
    x86::Linear linear;
    if (!cpu.linearize(insn.segment, offset, 16, Intent::ReadForWrite, linear)) {
        return Outcome::Fault;
    }
    if (linear.offset_in(16) != 0) {
        return cpu.raise(x86::Exception::Gp, 0);
    }
    const std::array expected{cpu.s.gpr[x86::kRax], cpu.s.gpr[x86::kRdx]};
    const std::array desired{cpu.s.gpr[x86::kRbx], cpu.s.gpr[x86::kRcx]};
    std::array<std::uint64_t, 2> old{};
    if (!cpu.read_for_write(insn.segment, offset, old[0]) || !cpu.read_for_write(insn.segment, offset + 8, old[1])) {
        return Outcome::Fault;
    }
    bool same = false;
    Cpu::LockedPlace place;
    if (!cpu.locate_locked(insn.segment, offset, 16, place)) {
        return Outcome::Fault;
    }
    if (place.host != nullptr) {
        old = expected;
        same = compare_exchange_16(place.host, old, desired);
        cpu.changed(place);
    } else {
        same = old == expected;
        const auto& value = same ? desired : old;
        if (!cpu.write(insn.segment, offset, value[0]) || !cpu.write(insn.segment, offset + 8, value[1])) {
            return Outcome::Fault;
        }
    }
    replace_flags(cpu.s.rflags, x86::rflags::kZf, same ? x86::rflags::kZf : 0);
    if (!same) {
        cpu.s.gpr[x86::kRax] = old[0];
        cpu.s.gpr[x86::kRdx] = old[1];
    }
    return Outcome::Next;
}

} // namespace

void add_exchanges(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_XCHG, select_xchg);
    table.set(ZYDIS_MNEMONIC_XADD, select_xadd);
    table.set(ZYDIS_MNEMONIC_PAUSE, select_pause);
    table.set(ZYDIS_MNEMONIC_CMPXCHG, select_cmpxchg);
    table.set(ZYDIS_MNEMONIC_CMPXCHG8B, select_plain<cmpxchg8b>);
    table.set(ZYDIS_MNEMONIC_CMPXCHG16B, select_plain<cmpxchg16b>);
}

} // namespace windsor::emulate
