// SPDX-License-Identifier: GPL-2.0-or-later
// What becomes of general registers outside 64-bit mode.
#pragma once

#include "vcpu/state.hpp"

#include <span>

namespace windsor::emulate {

// Of the eight registers that code outside 64-bit mode has. They are undefined after a switch to it (SDM volume 1,
// section 3.4.1.1), and clear here, from Cpu::mode_changed() on.
inline void clear_upper_halves(vcpu::CpuState& s)
{
    constexpr std::size_t kLegacyRegisters = 8;
    for (std::uint64_t& reg : std::span{s.gpr}.first(kLegacyRegisters)) {
        reg &= 0xffffffff;
    }
}

} // namespace windsor::emulate
