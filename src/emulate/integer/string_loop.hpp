// SPDX-License-Identifier: GPL-2.0-or-later
// What all string instructions share: stepping of the index registers and repetition.
#pragma once

#include "emulate/core/operands.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace windsor::emulate {

void add_ports(OpcodeTable& table); // port_io.cpp: IN OUT INS OUTS

// Iterations between two looks at the signals.
constexpr unsigned kStringBudget = 8192;

// Moves an index register past one element, in the direction of DF. A is the type of the address size.
template <typename T, typename A> void advance(Cpu& cpu, unsigned number)
{
    const A at = cpu.reg<A>(number);
    const bool down = (cpu.s.rflags & x86::rflags::kDf) != 0;
    cpu.set_reg<A>(number, static_cast<A>(down ? at - sizeof(T) : at + sizeof(T)));
}

template <typename T, typename A> void skip(Cpu& cpu, unsigned number, std::uint64_t count)
{
    cpu.set_reg<A>(number, static_cast<A>(cpu.reg<A>(number) + count * sizeof(T)));
}

// How many elements lie wholly below the point where the index register wraps.
template <typename T, typename A> std::uint64_t before_wrap(const Cpu& cpu, unsigned number)
{
    return (std::uint64_t{std::numeric_limits<A>::max()} - cpu.reg<A>(number)) / sizeof(T);
}

// REP, REPE and REPNE. Op has once() for one element (false: fault), many() for several (it gives how many were
// done, or zero if they have to be done one by one), and kCompares, which says whether ZF may end the repetition.
template <typename Op, typename A> Outcome repeat(Cpu& cpu, const Insn& insn)
{
    const bool stepping = (cpu.s.rflags & x86::rflags::kTf) != 0;
    const bool down = (cpu.s.rflags & x86::rflags::kDf) != 0;
    std::uint64_t left = cpu.reg<A>(x86::kRcx);
    if (left == 0) {
        if constexpr (requires { Op::permitted(cpu); }) { // it is checked even if nothing is transferred
            return Op::permitted(cpu) ? Outcome::Next : Outcome::Fault;
        }
        return Outcome::Next;
    }
    for (unsigned budget = stepping ? 1 : kStringBudget; budget != 0;) {
        std::uint64_t done = 0;
        if (!down && !stepping) {
            done = Op::many(cpu, insn, std::min<std::uint64_t>(left, budget));
        }
        if (done == 0) {
            if (!Op::once(cpu, insn)) {
                return Outcome::Fault;
            }
            done = 1;
        }
        left -= done;
        budget -= static_cast<unsigned>(done);
        cpu.set_reg<A>(x86::kRcx, static_cast<A>(left));
        const bool zero = (cpu.s.rflags & x86::rflags::kZf) != 0;
        if (left == 0 || (Op::kCompares && zero != (insn.rep == RepPrefix::Rep))) {
            return Outcome::Next;
        }
        if (cpu.leaving()) {
            break; // decoded code was overwritten, a breakpoint met, or a device wants attention
        }
    }
    return Outcome::Repeat;
}

template <typename Op> Outcome single(Cpu& cpu, const Insn& insn)
{
    return Op::once(cpu, insn) ? Outcome::Next : Outcome::Fault;
}

// Chooses the handler for the sizes of the element and of the address. Either repeat prefix repeats instructions that
// do not compare.
template <template <typename, typename> typename Op> Handler select_repeated(const Decoded& decoded, Insn& insn)
{
    const auto& raw = decoded.instruction.raw;
    for (unsigned i = 0; i < raw.prefix_count; ++i) {
        if (raw.prefixes[i].value == 0xf2 || raw.prefixes[i].value == 0xf3) {
            insn.rep = raw.prefixes[i].value == 0xf2 ? RepPrefix::Repne : RepPrefix::Rep;
        }
    }
    const bool repeated = insn.rep != RepPrefix::None;
    const unsigned address_size = insn.address_size;
    return by_width(insn.operand_size, [=]<typename T>() -> Handler {
        return by_wide_width(address_size, [=]<typename A>() -> Handler {
            return repeated ? repeat<Op<T, A>, A> : single<Op<T, A>>;
        });
    });
}

} // namespace windsor::emulate
