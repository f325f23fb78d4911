// SPDX-License-Identifier: GPL-2.0-or-later
// Draws video memory into a picture, and only what changed.
#pragma once

#include "base/clock.hpp"
#include "backend/screen.hpp"
#include "devices/vga/frame.hpp"
#include "devices/vga/state.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::devices::vga {

struct RenderInput {
    const State& state;
    std::span<const std::uint8_t> vram; // kVramSize bytes
    const std::vector<bool>& dirty;     // pages of vram written since the last call
    base::Nanoseconds now;              // for what blinks
};

// The cells and the cursor of a text mode; false in a graphics mode.
bool read_text(const State& state, std::span<const std::uint8_t> vram, backend::TextScreen& screen);

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
    bool line_dirty(const std::vector<bool>& dirty, std::uint32_t address, std::uint32_t count) const;

    bool valid_{false};
    const backend::Picture* picture_{nullptr}; // the one that has what was last drawn
    Frame frame_{};
    Palette palette_{};
    std::array<Font, 2> fonts_{};
    std::vector<std::uint32_t> cells_;  // what each text cell shows, as cell_key() has it
    std::vector<std::uint32_t> line_;   // one line of pixels
    std::vector<std::uint8_t> wrapped_; // one line of video memory that wraps around
};

} // namespace windsor::devices::vga
