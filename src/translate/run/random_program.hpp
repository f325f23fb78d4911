// SPDX-License-Identifier: GPL-2.0-or-later
// This writes random straight-line code whose operands lie at the edges of pages.
#pragma once

#include <array>
#include <cstdint>
#include <random>

#include <asmjit/x86.h>

namespace windsor::translate::testing {

// Each program is a block of 64-bit code. RBX, RSI, RDI, R11 and R15 must point into the data, and are not changed. RBP
// and RSP are changed by instructions that work on the stack.
class RandomProgram {
public:
    explicit RandomProgram(std::uint64_t seed) : random_{seed} {}

    void write(asmjit::x86::Assembler& a, unsigned instructions);
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    std::uint64_t bits() { return random_(); }

private:
    template <typename T, std::size_t kSize> const T& pick(const std::array<T, kSize>& from)
    {
        return from[below(kSize)];
    }
    asmjit::x86::Mem memory(unsigned size);
    asmjit::x86::Gp reg(unsigned size);
    asmjit::x86::Xmm xmm() { return asmjit::x86::xmm(static_cast<std::uint32_t>(below(16))); }
    unsigned size() { return 1u << below(4); }

    void arithmetic(asmjit::x86::Assembler& a);
    void flags_in_part(asmjit::x86::Assembler& a);
    void moves(asmjit::x86::Assembler& a);
    void bit_string(asmjit::x86::Assembler& a);
    void string(asmjit::x86::Assembler& a);
    void stack(asmjit::x86::Assembler& a);
    void locked(asmjit::x86::Assembler& a);
    void multiply(asmjit::x86::Assembler& a);
    void sse(asmjit::x86::Assembler& a);
    void x87(asmjit::x86::Assembler& a);
    void mmx(asmjit::x86::Assembler& a);
    void branch(asmjit::x86::Assembler& a);

    std::mt19937_64 random_;
};

} // namespace windsor::translate::testing
