// SPDX-License-Identifier: GPL-2.0-or-later
// Draws video memory into a picture, and only what changed.
#pragma once

#include "base/clock.hpp"
#include "backend/screen.hpp"
#include "devices/vga/frame.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::devices::vga {

struct RenderInput {
    const Display& display;
    std::span<const std::uint8_t> vram; // all of it
    const std::vector<bool>& dirty;     // pages of vram written since the last call
    base::Nanoseconds now;              // for what blinks
};

// The cells and the cursor of a frame of text.
backend::TextScreen read_text(const Frame& frame, const TextCursor& cursor, std::span<const std::uint8_t> vram);

class Renderer {
public:
    // As Screen::draw.
    std::vector<backend::Rectangle> update(const RenderInput& input, backend::Picture& picture);
    void invalidate() { valid_ = false; }

private:
    using Glyph = std::array<std::uint8_t, 32>;
    using Font = std::array<Glyph, 256>;

    std::vector<backend::Rectangle> update_text(const RenderInput& input, bool everything, backend::Picture& picture);
    std::vector<backend::Rectangle> update_graphics(const RenderInput& input, bool everything,
                                                    backend::Picture& picture);
    bool load_fonts(std::span<const std::uint8_t> vram);
    std::uint32_t cell_key(const RenderInput& input, std::uint32_t address) const;
    void draw_cell(std::uint32_t key, unsigned column, unsigned row, backend::Picture& picture) const;
    std::span<const std::uint8_t> fetch(std::span<const std::uint8_t> vram, std::uint32_t address,
                                        std::uint32_t count);
    bool pointer_changed(const RenderInput& input, unsigned y) const;
    bool line_dirty(const std::vector<bool>& dirty, std::uint32_t address, std::uint32_t count) const;

    bool valid_{false};
    const backend::Picture* picture_{nullptr}; // the one that has what was last drawn
    Frame frame_{};
    Pointer pointer_{};
    Palette palette_{};
    std::array<Font, 2> fonts_{};
    std::vector<std::uint32_t> cells_;  // what each text cell shows, as cell_key() has it
    std::vector<std::uint32_t> line_;   // one line of pixels
    std::vector<std::uint8_t> wrapped_; // one line of video memory that wraps around
};

} // namespace windsor::devices::vga
