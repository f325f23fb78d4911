// SPDX-License-Identifier: GPL-2.0-or-later
// Which bits of the extension registers there are; the rest reads as zero.
#pragma once

#include "devices/vga/cirrus/spec.hpp"
#include "devices/vga/spec.hpp"

#include <cstdint>

namespace windsor::devices::vga::cirrus {

constexpr std::uint8_t kExtendedControlBits = 0xc7; // of SR17; the others say how the chip is wired

// As they are kept beside the VGA's own.
constexpr std::uint8_t sequencer_bits(unsigned index)
{
    switch (index) {
    case seq::kMapMask: return 0xff;
    case seq::kReset:
    case seq::kClocking:
    case seq::kCharacterMap:
    case seq::kMemoryMode:
    case 0x05:
    case sr::kCursorX: // kept as positions
    case sr::kCursorY: return 0;
    default: return 0xff;
    }
}

constexpr std::uint8_t graphics_bits(unsigned index)
{
    switch (index) {
    case gr::kMode: return 0x7f;
    case gr::kExtensions: return 0x3f;
    case gr::kBltWidth + 1:
    case gr::kBltDestinationPitch + 1:
    case gr::kBltSourcePitch + 1:
    case gr::kBltExtensions: return 0x1f;
    case gr::kBltHeight + 1: return 0x07;
    case gr::kBltDestination + 2:
    case gr::kBltSource + 2: return 0x3f;
    case gr::kBltClip: return 0x7f;
    case gr::kBltStatus: return blt::kAutostart | blt::kSecondWindow | blt::kPause | blt::kReset;
    default: return index == gr::kBackground0 || index == gr::kForeground0 || index >= gfx::kCount ? 0xff : 0;
    }
}

} // namespace windsor::devices::vga::cirrus
