// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "devices/vga/cirrus/spec.hpp"
#include "devices/vga/state.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::vga::cirrus {

// What a BLT does, as its registers said when it began.
struct Operation {
    std::uint16_t width{1};  // bytes, 1 to blt::kMostWidth
    std::uint16_t height{1}; // lines, 1 to blt::kMostHeight
    std::uint16_t destination_pitch{0};
    std::uint16_t source_pitch{0};
    std::uint32_t destination{0}; // bytes of video memory
    std::uint32_t source{0};
    std::uint32_t foreground{0}; // blue, green, red, alpha from bit 0 on
    std::uint32_t background{0};
    std::uint16_t key{0};
    std::uint8_t mode{0};       // GR30
    std::uint8_t rop{0};        // GR32
    std::uint8_t extensions{0}; // GR33
    std::uint8_t clip{0};       // GR2F
};

// A BLT that waits for data of the processor.
struct Transfer {
    bool active{false};
    Operation operation{};
    std::uint16_t line{0};   // the next to be drawn
    std::uint16_t filled{0}; // bytes of its data that have come
    std::array<std::uint8_t, blt::kMostWidth> data{};
};

// What the chip has beyond the VGA.
struct Extension {
    std::array<std::uint8_t, sr::kCount> sequencer{}; // from SR6 on; SR2 with its bits 7 to 4
    std::array<std::uint8_t, gr::kCount> graphics{};  // from GR9 on; GR0, GR1 and GR5 with all their bits
    std::array<std::uint8_t, cr::kCount> crtc{};      // from CR19 on
    std::uint16_t cursor_x{0};                        // 11 bits
    std::uint16_t cursor_y{0};
    std::array<std::uint8_t, 9> extra_colors{}; // background and foreground of the cursor, and the border
    std::uint8_t hidden_dac{0};
    std::uint8_t pel_mask_reads{0}; // in succession; at most hdr::kReadsBefore
    std::array<std::uint8_t, 8> latches{};
};

// All that a guest can see of the chip, apart from video memory.
struct State {
    Registers registers{};
    Extension extension{};
    Transfer transfer{};
};

} // namespace windsor::devices::vga::cirrus
