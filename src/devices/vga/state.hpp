// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "devices/vga/spec.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::vga {

// The registers that every adapter has.
struct Registers {
    std::uint8_t misc_output{0};
    std::uint8_t feature_control{0};
    std::uint8_t video_enable{1};

    std::uint8_t sequencer_index{0};
    std::array<std::uint8_t, seq::kCount> sequencer{};

    std::uint8_t crtc_index{0};
    std::array<std::uint8_t, crtc::kCount> crtc{};

    std::uint8_t graphics_index{0};
    std::array<std::uint8_t, gfx::kCount> graphics{};
    std::uint32_t latch{0}; // plane p in bits 8p to 8p+7

    std::uint8_t attribute_index{0}; // with attr::kPaletteSource
    bool attribute_data_next{false}; // the flip-flop
    std::array<std::uint8_t, attr::kCount> attribute{};

    std::uint8_t pel_mask{0xff};
    std::uint8_t dac_state{0}; // 0 writing, 3 reading
    std::uint8_t dac_read_index{0};
    std::uint8_t dac_write_index{0};
    std::uint8_t dac_component{0}; // 0 to 2
    std::array<std::uint8_t, 3> dac_pending{};
    std::array<std::uint8_t, 768> dac{}; // red, green, blue; 6 or 8 bits by dac_8bit
    bool dac_8bit{false};
};

// Those of the Bochs display interface.
struct Dispi {
    std::uint16_t dispi_index{0};
    std::array<std::uint16_t, dispi::kCount> dispi{dispi::kId5};

    bool dispi_enabled() const { return (dispi[dispi::kEnable] & dispi::kEnabled) != 0; }
    // Bits a pixel occupies in VBE modes (16 for 15).
    unsigned dispi_bits() const { return dispi[dispi::kBpp] == 15 ? 16U : dispi[dispi::kBpp]; }
    // Bytes from one scan line to the next in VBE modes.
    unsigned dispi_pitch() const { return dispi[dispi::kVirtualWidth] * dispi_bits() / 8; }
};

// All that a guest can see of the standard VGA, apart from video memory.
struct State : Registers, Dispi {};

} // namespace windsor::devices::vga
