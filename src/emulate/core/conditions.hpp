// SPDX-License-Identifier: GPL-2.0-or-later
// Condition codes in the order of their encoding. SDM volume 1, appendix B.
#pragma once

#include "x86/registers.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include <Zydis/Zydis.h>

namespace windsor::emulate {

template <unsigned code> constexpr bool condition(std::uint64_t flags)
{
    namespace f = x86::rflags;
    bool met = false;
    switch (code >> 1) {
    case 0: met = (flags & f::kOf) != 0; break;
    case 1: met = (flags & f::kCf) != 0; break;
    case 2: met = (flags & f::kZf) != 0; break;
    case 3: met = (flags & (f::kCf | f::kZf)) != 0; break;
    case 4: met = (flags & f::kSf) != 0; break;
    case 5: met = (flags & f::kPf) != 0; break;
    case 6: met = (((flags >> 7) ^ (flags >> 11)) & 1) != 0; break;
    default: met = (((flags >> 7) ^ (flags >> 11)) & 1) != 0 || (flags & f::kZf) != 0; break;
    }
    return met != ((code & 1) != 0);
}

using ConditionalMnemonics = std::array<ZydisMnemonic, 16>;

constexpr ConditionalMnemonics kJumps{
    ZYDIS_MNEMONIC_JO, ZYDIS_MNEMONIC_JNO, ZYDIS_MNEMONIC_JB, ZYDIS_MNEMONIC_JNB, ZYDIS_MNEMONIC_JZ, ZYDIS_MNEMONIC_JNZ,
    ZYDIS_MNEMONIC_JBE, ZYDIS_MNEMONIC_JNBE, ZYDIS_MNEMONIC_JS, ZYDIS_MNEMONIC_JNS, ZYDIS_MNEMONIC_JP,
    ZYDIS_MNEMONIC_JNP, ZYDIS_MNEMONIC_JL, ZYDIS_MNEMONIC_JNL, ZYDIS_MNEMONIC_JLE, ZYDIS_MNEMONIC_JNLE};
constexpr ConditionalMnemonics kSets{
    ZYDIS_MNEMONIC_SETO, ZYDIS_MNEMONIC_SETNO, ZYDIS_MNEMONIC_SETB, ZYDIS_MNEMONIC_SETNB, ZYDIS_MNEMONIC_SETZ,
    ZYDIS_MNEMONIC_SETNZ, ZYDIS_MNEMONIC_SETBE, ZYDIS_MNEMONIC_SETNBE, ZYDIS_MNEMONIC_SETS, ZYDIS_MNEMONIC_SETNS,
    ZYDIS_MNEMONIC_SETP, ZYDIS_MNEMONIC_SETNP, ZYDIS_MNEMONIC_SETL, ZYDIS_MNEMONIC_SETNL, ZYDIS_MNEMONIC_SETLE,
    ZYDIS_MNEMONIC_SETNLE};
constexpr ConditionalMnemonics kConditionalMoves{
    ZYDIS_MNEMONIC_CMOVO, ZYDIS_MNEMONIC_CMOVNO, ZYDIS_MNEMONIC_CMOVB, ZYDIS_MNEMONIC_CMOVNB, ZYDIS_MNEMONIC_CMOVZ,
    ZYDIS_MNEMONIC_CMOVNZ, ZYDIS_MNEMONIC_CMOVBE, ZYDIS_MNEMONIC_CMOVNBE, ZYDIS_MNEMONIC_CMOVS, ZYDIS_MNEMONIC_CMOVNS,
    ZYDIS_MNEMONIC_CMOVP, ZYDIS_MNEMONIC_CMOVNP, ZYDIS_MNEMONIC_CMOVL, ZYDIS_MNEMONIC_CMOVNL, ZYDIS_MNEMONIC_CMOVLE,
    ZYDIS_MNEMONIC_CMOVNLE};

// Calls `set(mnemonic, std::integral_constant<unsigned, code>)` for every condition.
template <typename Set> void for_each_condition(const ConditionalMnemonics& mnemonics, Set&& set)
{
    [&]<unsigned... code>(std::integer_sequence<unsigned, code...>) {
        (set(mnemonics[code], std::integral_constant<unsigned, code>{}), ...);
    }(std::make_integer_sequence<unsigned, 16>{});
}

} // namespace windsor::emulate
