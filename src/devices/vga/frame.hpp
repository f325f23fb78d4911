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
    Rgb555Mixed, // as Rgb555, or with bit 15 an index in the low byte
    Rgb565,
    Rgb888,
    Rgbx8888,
};

struct Frame {
    PixelFormat format{PixelFormat::Blank};
    backend::Size size{};                   // of the picture; at most kMaxWidth x kMaxHeight
    std::uint32_t start{0};        // byte of video memory the first line starts at
    std::uint32_t pitch{0};        // bytes from line to line
    std::uint32_t wrap{kLeastVram}; // addresses are taken modulo this power of two
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

using Palette = std::array<std::uint32_t, 256>; // 0x00RRGGBB

struct TextCursor {
    bool visible{false};
    std::uint32_t address{0}; // byte of video memory
    unsigned first{0};        // font rows
    unsigned last{0};
};

// A pointer that the adapter draws over graphics by itself ("hardware cursor"): of each pixel two bits.
struct Pointer {
    bool visible{false};
    unsigned x{0}; // pixels of the picture
    unsigned y{0};
    unsigned size{32};                // pixels in each direction; 32 or 64
    std::uint32_t pattern{0};         // byte of video memory: the rows of the first bit
    std::uint32_t pattern_pitch{4};   // bytes from row to row
    std::uint32_t second_offset{128}; // bytes from a row of the first bit to that of the second
    std::uint32_t background{0};      // 0x00RRGGBB, where the second bit alone is set
    std::uint32_t foreground{0};      // where both are; the first alone inverts what is below

    bool operator==(const Pointer&) const = default;
};

// What an adapter shows at one moment. A frame that is blank has no size: the screen keeps what it had.
struct Display {
    Frame frame{};
    Palette palette{};
    TextCursor cursor{};
    Pointer pointer{};
};

// The modes of the VGA itself, by its registers.
Frame vga_frame(const Registers& registers);
bool vga_blanked(const Registers& registers);
// The colours of the 16 attributes in modes that have them, of the 256 DAC entries behind the PEL mask otherwise.
Palette vga_palette(const Registers& registers, PixelFormat format);
TextCursor text_cursor(const Registers& registers, const Frame& frame);

// What a DAC entry's components come out as.
std::uint32_t dac_color(const Registers& registers, const std::uint8_t* entry);

// Scan lines that are shown, and after which the picture goes on from byte 0.
unsigned vga_height(const Registers& registers);
unsigned vga_line_compare(const Registers& registers);

} // namespace windsor::devices::vga
