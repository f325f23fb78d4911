// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic with the flags that x86 defines for it. The guest's processor is the host's: one host instruction
// computes result and flags, undefined ones included, exactly as the hardware does.
#pragma once

#include "x86/registers.hpp"

#include <cstdint>

namespace windsor::emulate {

// SF ZF AF PF CF as LAHF leaves them in AH, OF as SETO leaves it in AL.
inline std::uint64_t flags_from_ax(std::uint16_t ax)
{
    return ((ax >> 8) & (x86::rflags::kArithmetic & 0xff)) | (std::uint64_t{ax & 1u} << 11);
}

inline void replace_flags(std::uint64_t& rflags, std::uint64_t mask, std::uint64_t value)
{
    rflags = (rflags & ~mask) | (value & mask);
}

} // namespace windsor::emulate
