// SPDX-License-Identifier: GPL-2.0-or-later
// What the registers make of video memory: mode, size and addresses of the picture.
#pragma once

#include "backend/screen.hpp"
#include "devices/vga/state.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::vga {

enum class PixelFormat : std::uint8_t {
    Blank,   // the screen is off
    Text,
    Planar,  // four planes, one bit of each a pixel
    Cga,     // two bits a pixel, interleaved on even and odd planes
    Indexed, // a byte a pixel
    Rgb555,
    Rgb565,
    Rgb888,
    Rgbx8888,
};

struct Frame {
    PixelFormat format{PixelFormat::Blank};
    backend::Size size{};                   // of the picture; at most kMaxWidth x kMaxHeight
    std::uint32_t start{0};        // byte of video memory the first line starts at
    std::uint32_t pitch{0};        // bytes from line to line
    std::uint32_t wrap{kVramSize}; // addresses are taken modulo this power of two
    unsigned line_compare{~0U};    // after this scan line the picture goes on from byte 0
    unsigned repeat{1};            // scan lines that show the same row
    unsigned pixel_width{1};       // picture pixels for each pixel of memory
    unsigned pan{0};               // pixels of memory skipped at the left edge
    unsigned split_pan{0};         // the same below the line-compare line
    std::uint8_t crtc_mode{crtc::kModeNoCga | crtc::kModeNoHercules};
    std::uint8_t plane_enable{0x0f};

    // Text.
    unsigned columns{0};
    unsigned rows{0};
    unsigned cell_width{0};  // 8 or 9, before pixel_width
    unsigned cell_height{0}; // font rows, before repeat
    std::uint8_t attribute_mode{0};
    unsigned underline{0};                // font row
    std::array<std::uint32_t, 2> fonts{}; // plane-2 offsets for attribute bit 3 clear and set

    bool operator==(const Frame&) const = default;

    // Bytes of video memory that one line reads.
    std::uint32_t line_bytes() const;
};

// `last` is the size to keep while the screen is blanked.
Frame frame_of(const State& state, backend::Size last);

using Palette = std::array<std::uint32_t, 256>; // 0x00RRGGBB

// The colours of the 256 DAC entries behind the PEL mask.
Palette dac_palette(const State& state);
// The first 16: what the attribute controller's 16 colours come out as.
Palette attribute_palette(const State& state);

} // namespace windsor::devices::vga
