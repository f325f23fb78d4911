// SPDX-License-Identifier: GPL-2.0-or-later
// Text modes: characters on plane 0, attributes on plane 1, fonts on plane 2.
#include "devices/vga/renderer.hpp"

#include <algorithm>

namespace windsor::devices::vga {

namespace {

// The cursor blinks every 16 frames, characters every 32, of about 70 a second.
constexpr base::Nanoseconds kCursorPhase = base::kSecond * 16 / 70;
constexpr base::Nanoseconds kBlinkPhase = 2 * kCursorPhase;

// What a cell shows, in one number to compare: character, attribute, and
constexpr std::uint32_t kKeyCursor = 1U << 16; // with first and last row in five bits each from kKeyCursorRows
constexpr std::uint32_t kKeyHidden = 1U << 17; // in the dark phase of blinking
constexpr unsigned kKeyCursorRows = 18;

// Where the cells of a row lie, split screen included.
std::uint32_t row_address(const Frame& frame, unsigned row)
{
    const unsigned cell_lines = frame.cell_height * frame.repeat;
    const std::uint64_t first_after_split =
        frame.line_compare == ~0U ? ~std::uint64_t{0} : (frame.line_compare + cell_lines) / cell_lines;
    const std::uint32_t address = row < first_after_split
                                      ? frame.start + row * frame.pitch
                                      : static_cast<std::uint32_t>(row - first_after_split) * frame.pitch;
    return address & (frame.wrap - 1);
}

// The ninth column repeats the eighth for the line-drawing characters.
unsigned ninth_column(const Frame& frame, unsigned character, unsigned bits)
{
    const bool line_graphics = (frame.attribute_mode & attr::kModeLineGraphics) != 0 && character >= 0xc0 &&
                               character <= 0xdf;
    return line_graphics ? bits & 1 : 0;
}

} // namespace

backend::TextScreen read_text(const Frame& frame, const TextCursor& cursor, std::span<const std::uint8_t> vram)
{
    backend::TextScreen screen{.columns = frame.columns, .rows = frame.rows};
    screen.cells.reserve(std::size_t{frame.columns} * frame.rows);
    for (unsigned row = 0; row < frame.rows; ++row) {
        for (unsigned column = 0; column < frame.columns; ++column) {
            const std::uint32_t at = (row_address(frame, row) + 4 * column) & (frame.wrap - 1);
            screen.cells.push_back({.character = vram[at], .attribute = vram[at + 1]});
            if (at == cursor.address && cursor.visible) {
                screen.cursor_visible = true;
                screen.cursor_column = column;
                screen.cursor_row = row;
            }
        }
    }
    return screen;
}

// True if a font has changed.
bool Renderer::load_fonts(std::span<const std::uint8_t> vram)
{
    bool changed = false;
    for (unsigned font = 0; font < fonts_.size(); ++font) {
        for (unsigned i = 0; i < 256 * 32; ++i) {
            std::uint8_t& row = fonts_[font][i / 32][i % 32];
            const std::uint8_t now = vram[std::size_t{frame_.fonts[font] + i} * 4 + 2];
            changed = changed || row != now;
            row = now;
        }
    }
    return changed;
}

std::uint32_t Renderer::cell_key(const RenderInput& input, std::uint32_t address) const
{
    std::uint32_t key = input.vram[address] | (std::uint32_t{input.vram[address + 1]} << 8);
    const bool blinks = (frame_.attribute_mode & attr::kModeBlink) != 0 && (key & 0x8000) != 0;
    if (blinks && (input.now / kBlinkPhase) % 2 != 0) {
        key |= kKeyHidden;
    }
    return key;
}

std::vector<backend::Rectangle> Renderer::update_text(const RenderInput& input, bool everything,
                                                      backend::Picture& picture)
{
    constexpr std::size_t kFontPages = 64;
    if (everything || std::find(input.dirty.begin(), input.dirty.begin() + kFontPages, true) !=
                          input.dirty.begin() + kFontPages) {
        everything = load_fonts(input.vram) || everything;
    }
    cells_.resize(std::size_t{frame_.columns} * frame_.rows);
    const TextCursor& cursor = input.display.cursor;
    const bool cursor_lit = cursor.visible && (input.now / kCursorPhase) % 2 == 0;
    const unsigned width = frame_.cell_width * frame_.pixel_width;
    const unsigned height = frame_.cell_height * frame_.repeat;

    std::vector<backend::Rectangle> damage;
    for (unsigned row = 0; row < frame_.rows; ++row) {
        const std::uint32_t line = row_address(frame_, row);
        unsigned first = frame_.columns;
        unsigned last = 0;
        for (unsigned column = 0; column < frame_.columns; ++column) {
            const std::uint32_t address = (line + 4 * column) & (frame_.wrap - 1);
            std::uint32_t key = cell_key(input, address);
            if (cursor_lit && address == cursor.address) {
                key |= kKeyCursor | (cursor.first << kKeyCursorRows) | (cursor.last << (kKeyCursorRows + 5));
            }
            std::uint32_t& shown = cells_[std::size_t{row} * frame_.columns + column];
            if (everything || shown != key) {
                shown = key;
                draw_cell(key, column, row, picture);
                first = std::min(first, column);
                last = column;
            }
        }
        if (first < frame_.columns) {
            damage.push_back({first * width, row * height, (last + 1 - first) * width, height});
        }
    }
    if (everything) {
        return {{0, 0, frame_.size.width, frame_.size.height}};
    }
    return damage;
}

void Renderer::draw_cell(std::uint32_t key, unsigned column, unsigned row, backend::Picture& picture) const
{
    const unsigned character = key & 0xff;
    const unsigned attribute = (key >> 8) & 0xff;
    const unsigned background_bits = (frame_.attribute_mode & attr::kModeBlink) != 0 ? 7 : 15;
    const std::uint32_t foreground = palette_[attribute & 0x0f & frame_.plane_enable];
    const std::uint32_t background = palette_[(attribute >> 4) & background_bits & frame_.plane_enable];
    const Glyph& glyph = fonts_[(attribute >> 3) & 1][character];
    const bool underlined = (frame_.attribute_mode & attr::kModeMono) != 0 && (attribute & 7) == 1;
    const unsigned cursor_first = (key & kKeyCursor) != 0 ? (key >> kKeyCursorRows) & 0x1f : ~0U;
    const unsigned cursor_last = (key & kKeyCursor) != 0 ? (key >> (kKeyCursorRows + 5)) & 0x1f : 0;

    for (unsigned y = 0; y < frame_.cell_height; ++y) {
        unsigned bits = (key & kKeyHidden) != 0 ? 0U : glyph[y];
        bits = (bits << 1) | ninth_column(frame_, character, bits);
        if (underlined && y == frame_.underline) {
            bits = 0x1ff;
        }
        if (y >= cursor_first && y <= cursor_last) {
            bits = 0x1ff;
        }
        for (unsigned copy = 0; copy < frame_.repeat; ++copy) {
            const std::size_t line = (std::size_t{row} * frame_.cell_height + y) * frame_.repeat + copy;
            std::uint32_t* at = &picture.pixels[line * frame_.size.width +
                                                std::size_t{column} * frame_.cell_width * frame_.pixel_width];
            for (unsigned x = 0; x < frame_.cell_width * frame_.pixel_width; ++x) {
                *at++ = ((bits >> (8 - x / frame_.pixel_width)) & 1) != 0 ? foreground : background;
            }
        }
    }
}

} // namespace windsor::devices::vga
