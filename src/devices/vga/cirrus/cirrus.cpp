// SPDX-License-Identifier: GPL-2.0-or-later
// What is reset, saved and shown.
#include "devices/vga/cirrus/cirrus.hpp"

#include "devices/vga/cirrus/register_bits.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::vga::cirrus {

namespace {

// What the chip and its BIOS' configuration resistors make of it: 4 MiB on the PCI bus, VCLKs of 25, 28, 41 and 36 MHz
// (TRM 8.5).
Extension at_power_on()
{
    Extension extension;
    auto& s = extension.sequencer;
    s[sr::kKey] = sr::kKeyLocked;
    s[sr::kDramControl] = sr::kDram4MiB;
    s[sr::kScratch3] = 0x04; // where BIOSes note 4 MiB
    s[sr::kExtendedControl] = sr::kPciBus;
    s[sr::kMclk] = 0x2d;
    constexpr std::array<std::uint8_t, 4> kNumerators{0x66, 0x5b, 0x45, 0x7e};
    constexpr std::array<std::uint8_t, 4> kDenominators{0x3b, 0x2f, 0x30, 0x33};
    std::ranges::copy(kNumerators, s.begin() + sr::kVclkNumerator);
    std::ranges::copy(kDenominators, s.begin() + sr::kVclkDenominator);
    return extension;
}

} // namespace

base::Result<std::unique_ptr<Cirrus>> Cirrus::create(memory::GuestMemory& memory, const base::Clock& clock)
{
    std::unique_ptr<memory::Block> vram = WINDSOR_TRY(memory::Block::create(kVramSize));
    return std::unique_ptr<Cirrus>{new Cirrus{std::move(vram), memory, clock}};
}

Cirrus::Cirrus(std::unique_ptr<memory::Block> block, memory::GuestMemory& memory, const base::Clock& clock)
    : Adapter{std::move(block), memory, clock, {.sequencer = 0xff, .graphics = 0x3f}}, more_{at_power_on()},
      blitter_{vram().bytes(), *this}
{
}

void Cirrus::reset()
{
    state_ = {};
    more_ = at_power_on();
    blitter_.reset();
    invalidate();
    if (linear_changed_) {
        linear_changed_();
    }
}

void Cirrus::load(const State& state)
{
    load_registers(state.registers);
    state_.dac_8bit = false;
    more_ = state.extension;
    for (unsigned i = 0; i < sr::kCount; ++i) {
        more_.sequencer[i] &= sequencer_bits(i);
    }
    for (unsigned i = 0; i < gr::kCount; ++i) {
        more_.graphics[i] &= graphics_bits(i);
    }
    std::uint8_t& key = more_.sequencer[sr::kKey];
    key = key == sr::kKeyValue ? key : sr::kKeyLocked;
    std::uint8_t& control = more_.sequencer[sr::kExtendedControl];
    control = static_cast<std::uint8_t>((control & kExtendedControlBits) | sr::kPciBus);
    more_.cursor_x &= 0x7ff;
    more_.cursor_y &= 0x7ff;
    more_.pel_mask_reads = std::min<std::uint8_t>(more_.pel_mask_reads, hdr::kReadsBefore);
    blitter_.load(state.transfer);
    invalidate();
    if (linear_changed_) {
        linear_changed_();
    }
}

// SeaBIOS' VGA BIOS leaves SR1's "screen off" set in modes of packed pixels, which shows nothing on a real chip, and
// under Xen does nothing.
bool Cirrus::blanked() const
{
    return packed() ? (state_.attribute_index & attr::kPaletteSource) == 0 : Adapter::blanked();
}

Frame Cirrus::frame() const
{
    if (!packed()) {
        return Adapter::frame();
    }
    Frame frame;
    const auto& r = state_.crtc;
    const auto& more = more_.crtc;
    const unsigned extended = more[cr::kExtendedDisplay - cr::kFirst];
    const unsigned overlay = more[cr::kOverlay - cr::kFirst];
    const std::uint8_t dac = more_.hidden_dac;
    const bool doubled = (dac & (hdr::kExtended | hdr::kModeMask)) == hdr::kClockDoubled;
    switch (more_.sequencer[sr::kMode] & sr::kModeWidthMask) {
    case sr::kMode24: frame.format = PixelFormat::Rgb888; break;
    case sr::kMode32: frame.format = PixelFormat::Rgbx8888; break;
    case sr::kMode16:
        frame.format = doubled ? PixelFormat::Indexed
                       : (dac & (hdr::kAllModes | hdr::kModeMask)) == (hdr::kAllModes | hdr::k565) ? PixelFormat::Rgb565
                       : (dac & hdr::kMixed) != 0 ? PixelFormat::Rgb555Mixed
                                                  : PixelFormat::Rgb555;
        break;
    default: frame.format = PixelFormat::Indexed; break;
    }
    const bool wide = doubled && frame.format == PixelFormat::Indexed &&
                      (more_.sequencer[sr::kMode] & sr::kModeWidthMask) == sr::kMode16;
    const bool interlaced = (more[cr::kMiscellaneous - cr::kFirst] & cr::kInterlaced) != 0;
    frame.size = {(r[crtc::kHorizontalDisplayEnd] + 1U) * (wide ? 16 : 8), vga_height(state_) * (interlaced ? 2 : 1)};
    frame.wrap = static_cast<std::uint32_t>(vram().size());
    // Screen start A [16] and [18:17] and bit 8 of the offset are in CR1B, [19] is in CR1D (TRM 8.32, 8.34).
    frame.start = 4U * ((r[crtc::kStartHigh] * 256U) | r[crtc::kStartLow] | ((extended & 0x01) << 16) |
                        ((extended & 0x0c) << 15) | ((overlay & 0x80) << 12));
    frame.pitch = 8U * (r[crtc::kOffset] | ((extended & 0x10) << 4));
    frame.line_compare = vga_line_compare(state_);
    frame.repeat =
        ((r[crtc::kMaximumScanLine] & 0x1fU) + 1) * ((r[crtc::kMaximumScanLine] & crtc::kDoubleScan) != 0 ? 2 : 1);
    return frame;
}

Palette Cirrus::palette(PixelFormat format) const
{
    Palette palette = vga_palette(state_, format);
    const std::uint8_t mode = more_.hidden_dac & (hdr::kExtended | hdr::kAllModes | hdr::kModeMask);
    const bool gray = mode == (hdr::kExtended | hdr::kAllModes | hdr::kGrayscale);
    const bool rgb = mode == (hdr::kExtended | hdr::kAllModes | hdr::k332);
    for (std::uint32_t i = 0; (gray || rgb) && i < palette.size(); ++i) {
        palette[i] =
            gray ? i * 0x010101U : (((i >> 5) * 255 / 7) << 16) | (((i >> 2 & 7) * 255 / 7) << 8) | ((i & 3) * 255 / 3);
    }
    return palette;
}

// TRM 8.7-8.10: patterns lie in the last 16 KiB of video memory, the two bits of a pixel in two planes, which alternate
// row by row with 64 pixels.
Pointer Cirrus::pointer() const
{
    const std::uint8_t attribute = more_.sequencer[sr::kCursorAttribute];
    const unsigned number = more_.sequencer[sr::kCursorPattern];
    const bool large = (attribute & sr::kCursor64) != 0;
    Pointer pointer{.visible = (attribute & sr::kCursorEnabled) != 0, .x = more_.cursor_x, .y = more_.cursor_y};
    pointer.size = large ? 64 : 32;
    pointer.pattern = static_cast<std::uint32_t>(vram().size() - 16 * 1024 + (number & (large ? 0x3cU : 0x3fU)) * 256);
    pointer.pattern_pitch = large ? 16 : 4;
    pointer.second_offset = large ? 8 : 128;
    pointer.background = dac_color(state_, &more_.extra_colors[0]);
    pointer.foreground = dac_color(state_, &more_.extra_colors[3]);
    return pointer;
}

// TRM 9.9.1.2.
std::int64_t Cirrus::dot_clock() const
{
    const unsigned clock = (state_.misc_output >> 2) & 3;
    const unsigned numerator = more_.sequencer[sr::kVclkNumerator + clock] & 0x7fU;
    const unsigned denominator = more_.sequencer[sr::kVclkDenominator + clock] >> 1;
    const bool halved = (more_.sequencer[sr::kVclkDenominator + clock] & 1) != 0;
    return denominator == 0 ? 0 : kReferenceClock * numerator / denominator / (halved ? 2 : 1);
}

} // namespace windsor::devices::vga::cirrus
