// SPDX-License-Identifier: GPL-2.0-or-later
// One scan line of a graphics mode.
#pragma once

#include "devices/vga/frame.hpp"

#include <cstdint>
#include <span>

namespace windsor::devices::vga {

// Room that draw_line() wants beyond the picture's width: panning and the last group of eight pixels.
constexpr unsigned kLineSlack = 64;

// Draws the line that `source` (frame.line_bytes() bytes) holds into `line`, which has room for the width
// and kLineSlack more; gives its first pixel, behind `pan` (at most frame.pan) that are skipped.
std::uint32_t* draw_line(const Frame& frame, const Palette& palette, std::span<const std::uint8_t> source, unsigned pan,
                         std::span<std::uint32_t> line);

// Draws the pointer's part in scan line `y` over the line's pixels.
void draw_pointer(const Pointer& pointer, std::span<const std::uint8_t> vram, unsigned y,
                  std::span<std::uint32_t> line);

// The CRTC's address counters: where each scan line is read from.
class LineCounter {
public:
    explicit LineCounter(const Frame& frame) : frame_{frame}, row_address_{frame.start}, pan_{frame.pan} {}

    // Pixels to skip in the line that is asked for next.
    unsigned pan() const { return pan_; }

    // To be asked for y = 0, 1, 2 … in order.
    std::uint32_t next(unsigned y);

private:
    const Frame& frame_;
    std::uint32_t row_address_;
    unsigned pan_;
    unsigned row_{0};
    unsigned shown_{0}; // scan lines that have shown this row
};

} // namespace windsor::devices::vga
