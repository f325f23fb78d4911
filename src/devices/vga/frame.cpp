// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/frame.hpp"

#include <algorithm>

namespace windsor::devices::vga {

namespace {

// The CRTC counts 64 Ki groups of four planes.
constexpr std::uint32_t kLegacyWrap = kLeastVram;

void set_text(Frame& frame, const Registers& state)
{
    frame.format = PixelFormat::Text;
    frame.cell_width = (state.sequencer[seq::kClocking] & seq::kClocking8Dot) != 0 ? 8 : 9;
    frame.columns = std::min(state.crtc[crtc::kHorizontalDisplayEnd] + 1U,
                             kMaxWidth / (frame.cell_width * frame.pixel_width));
    frame.cell_height = (state.crtc[crtc::kMaximumScanLine] & 0x1fU) + 1;
    frame.repeat = (state.crtc[crtc::kMaximumScanLine] & crtc::kDoubleScan) != 0 ? 2 : 1;
    frame.rows = std::max(vga_height(state) / (frame.cell_height * frame.repeat), 1U);
    frame.size = {frame.columns * frame.cell_width * frame.pixel_width,
                  frame.rows * frame.cell_height * frame.repeat};
    frame.attribute_mode = state.attribute[attr::kMode];
    frame.underline = state.crtc[crtc::kUnderline] & 0x1fU;
    // Character map select: three bits each, the highest apart; 8 KiB steps, even maps first.
    const unsigned select = state.sequencer[seq::kCharacterMap];
    const unsigned map_b = ((select & 3) << 1) | ((select >> 4) & 1);
    const unsigned map_a = (((select >> 2) & 3) << 1) | ((select >> 5) & 1);
    frame.fonts = {map_b * 8192, map_a * 8192};
}

void set_graphics(Frame& frame, const Registers& state)
{
    const unsigned shift = (state.graphics[gfx::kMode] >> 5) & 3U;
    const unsigned characters = state.crtc[crtc::kHorizontalDisplayEnd] + 1U;
    const bool double_scan = (state.crtc[crtc::kMaximumScanLine] & crtc::kDoubleScan) != 0;
    const unsigned repeat = (state.crtc[crtc::kMaximumScanLine] & 0x1fU) + 1;
    frame.repeat = repeat * (double_scan ? 2 : 1);
    frame.crtc_mode = state.crtc[crtc::kModeControl];
    if ((frame.crtc_mode & crtc::kModeNoCga) == 0) {
        // The row-scan counter selects the bank there; only double scanning repeats lines.
        frame.repeat = double_scan ? 2 : 1;
    }
    frame.pan = state.attribute[attr::kPixelPanning] & 7U;
    if (shift >= 2) {
        frame.format = PixelFormat::Indexed;
        frame.pixel_width = 2;
        frame.pan /= 2;
        frame.size.width = characters * 8;
    } else {
        frame.format = shift == 1 ? PixelFormat::Cga : PixelFormat::Planar;
        frame.size.width = characters * 8 * frame.pixel_width;
    }
    const bool stands_still = (state.attribute[attr::kMode] & attr::kModePanningCompatibility) != 0;
    frame.split_pan = stands_still ? 0 : frame.pan;
    frame.size.height = vga_height(state);
}

std::uint32_t color_of(const Registers& state, unsigned index)
{
    return dac_color(state, &state.dac[std::size_t{index & state.pel_mask} * 3]);
}

// P7 and P6 always come from the colour select register, P5 and P4 if the mode control register says so.
Palette attribute_palette(const Registers& state)
{
    Palette palette{};
    const unsigned select = state.attribute[attr::kColorSelect];
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned entry = state.attribute[i];
        const bool selects_p5_p4 = (state.attribute[attr::kMode] & attr::kModeColorSelect) != 0;
        palette[i] = color_of(state, selects_p5_p4 ? ((select & 0x0f) << 4) | (entry & 0x0f)
                                                   : ((select & 0x0c) << 4) | (entry & 0x3f));
    }
    return palette;
}

} // namespace

unsigned vga_height(const Registers& state)
{
    const unsigned overflow = state.crtc[crtc::kOverflow];
    return (state.crtc[crtc::kVerticalDisplayEnd] | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
}

unsigned vga_line_compare(const Registers& state)
{
    const unsigned value = state.crtc[crtc::kLineCompare] | ((state.crtc[crtc::kOverflow] & 0x10U) << 4) |
                           ((state.crtc[crtc::kMaximumScanLine] & 0x40U) << 3);
    return value == 0x3ff ? ~0U : value;
}

std::uint32_t dac_color(const Registers& registers, const std::uint8_t* entry)
{
    const auto widened = [&](unsigned i) -> std::uint32_t {
        return registers.dac_8bit ? entry[i] : static_cast<std::uint8_t>((entry[i] << 2) | ((entry[i] >> 4) & 3));
    };
    return (widened(0) << 16) | (widened(1) << 8) | widened(2);
}

std::uint32_t Frame::line_bytes() const
{
    const std::uint32_t pixels = size.width / pixel_width + pan;
    switch (format) {
    case PixelFormat::Text:
        return columns * 4;
    case PixelFormat::Planar:
    case PixelFormat::Cga:
        return (pixels + 7) / 8 * 4;
    case PixelFormat::Indexed:
        return pixels;
    case PixelFormat::Rgb555:
    case PixelFormat::Rgb555Mixed:
    case PixelFormat::Rgb565:
        return pixels * 2;
    case PixelFormat::Rgb888:
        return pixels * 3;
    case PixelFormat::Rgbx8888:
        return pixels * 4;
    default:
        return 0;
    }
}

bool vga_blanked(const Registers& registers)
{
    return (registers.attribute_index & attr::kPaletteSource) == 0 ||
           (registers.sequencer[seq::kClocking] & seq::kClockingScreenOff) != 0 ||
           registers.crtc[crtc::kHorizontalDisplayEnd] == 0;
}

Frame vga_frame(const Registers& state)
{
    Frame frame;
    frame.pixel_width = (state.sequencer[seq::kClocking] & seq::kClockingHalf) != 0 ? 2 : 1;
    frame.start = 4U * ((state.crtc[crtc::kStartHigh] * 256U) | state.crtc[crtc::kStartLow]);
    frame.pitch = state.crtc[crtc::kOffset] * 8U;
    frame.wrap = kLegacyWrap;
    frame.line_compare = vga_line_compare(state);
    frame.plane_enable = state.attribute[attr::kPlaneEnable] & 0x0f;
    if ((state.graphics[gfx::kMiscellaneous] & gfx::kMiscGraphics) != 0) {
        set_graphics(frame, state);
    } else {
        set_text(frame, state);
    }
    return frame;
}

Palette vga_palette(const Registers& registers, PixelFormat format)
{
    if (format == PixelFormat::Text || format == PixelFormat::Planar || format == PixelFormat::Cga) {
        return attribute_palette(registers);
    }
    Palette palette{};
    for (unsigned i = 0; i < palette.size(); ++i) {
        palette[i] = color_of(registers, i);
    }
    return palette;
}

TextCursor text_cursor(const Registers& state, const Frame& frame)
{
    if (frame.format != PixelFormat::Text) {
        return {};
    }
    TextCursor cursor;
    cursor.address = (4U * ((state.crtc[crtc::kCursorHigh] * 256U) | state.crtc[crtc::kCursorLow])) & (frame.wrap - 1);
    cursor.first = state.crtc[crtc::kCursorStart] & 0x1fU;
    cursor.last = std::min(state.crtc[crtc::kCursorEnd] & 0x1fU, frame.cell_height - 1);
    cursor.visible = (state.crtc[crtc::kCursorStart] & crtc::kCursorOff) == 0 && cursor.first <= cursor.last;
    return cursor;
}

} // namespace windsor::devices::vga
