// SPDX-License-Identifier: GPL-2.0-or-later
// The upper halves of general registers outside 64-bit mode.
#pragma once

#include "vcpu/state.hpp"

#include <span>

namespace windsor::emulate {

// Clears the upper halves of the eight registers that exist outside 64-bit mode. They are undefined after a switch
// there (SDM volume 1, section 3.4.1.1); here Cpu::mode_changed() clears them.
inline void clear_upper_halves(vcpu::CpuState& s)
{
    constexpr std::size_t kLegacyRegisters = 8;
    for (std::uint64_t& reg : std::span{s.gpr}.first(kLegacyRegisters)) {
        reg &= 0xffffffff;
    }
}

} // namespace windsor::emulate
