// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/lines.hpp"

namespace windsor::devices::vga {

namespace {

// Puts pixels one after the other, each as wide as the frame wants.
class Pen {
public:
    Pen(std::span<std::uint32_t> line, unsigned pixel_width) : at_{line.data()}, wide_{pixel_width == 2} {}

    void put(std::uint32_t color)
    {
        *at_++ = color;
        if (wide_) {
            *at_++ = color;
        }
    }

private:
    std::uint32_t* at_;
    bool wide_;
};

void draw_planar(const Frame& frame, const Palette& palette, std::span<const std::uint8_t> source, Pen pen)
{
    for (std::size_t i = 0; i + 4 <= source.size(); i += 4) {
        for (unsigned bit = 8; bit-- > 0;) {
            const unsigned index = ((source[i] >> bit) & 1U) | (((source[i + 1] >> bit) & 1U) << 1) |
                                   (((source[i + 2] >> bit) & 1U) << 2) | (((source[i + 3] >> bit) & 1U) << 3);
            pen.put(palette[index & frame.plane_enable]);
        }
    }
}

// Four pixels from planes 0 and 2, then four from planes 1 and 3: two bits from each.
void draw_cga(const Frame& frame, const Palette& palette, std::span<const std::uint8_t> source, Pen pen)
{
    for (std::size_t i = 0; i + 4 <= source.size(); i += 4) {
        for (const std::size_t plane : {i, i + 1}) {
            for (unsigned shift = 8; shift != 0;) {
                shift -= 2;
                const unsigned index = ((source[plane] >> shift) & 3U) | (((source[plane + 2] >> shift) & 3U) << 2);
                pen.put(palette[index & frame.plane_enable]);
            }
        }
    }
}

constexpr std::uint32_t widen5(unsigned value)
{
    return (value << 3) | (value >> 2);
}

constexpr std::uint32_t widen6(unsigned value)
{
    return (value << 2) | (value >> 4);
}

std::uint32_t rgb(std::uint32_t red, std::uint32_t green, std::uint32_t blue)
{
    return (red << 16) | (green << 8) | blue;
}

} // namespace

std::uint32_t* draw_line(const Frame& frame, const Palette& palette, std::span<const std::uint8_t> source, unsigned pan,
                         std::span<std::uint32_t> line)
{
    Pen pen{line, frame.pixel_width};
    const auto word = [&](std::size_t i) { return static_cast<unsigned>(source[i] | (source[i + 1] << 8)); };
    switch (frame.format) {
    case PixelFormat::Planar:
        draw_planar(frame, palette, source, pen);
        break;
    case PixelFormat::Cga:
        draw_cga(frame, palette, source, pen);
        break;
    case PixelFormat::Indexed:
        for (const std::uint8_t index : source) {
            pen.put(palette[index]);
        }
        break;
    case PixelFormat::Rgb555:
        for (std::size_t i = 0; i + 2 <= source.size(); i += 2) {
            const unsigned pixel = word(i);
            pen.put(rgb(widen5((pixel >> 10) & 0x1f), widen5((pixel >> 5) & 0x1f), widen5(pixel & 0x1f)));
        }
        break;
    case PixelFormat::Rgb555Mixed:
        for (std::size_t i = 0; i + 2 <= source.size(); i += 2) {
            const unsigned pixel = word(i);
            pen.put((pixel & 0x8000) != 0
                        ? palette[pixel & 0xff]
                        : rgb(widen5((pixel >> 10) & 0x1f), widen5((pixel >> 5) & 0x1f), widen5(pixel & 0x1f)));
        }
        break;
    case PixelFormat::Rgb565:
        for (std::size_t i = 0; i + 2 <= source.size(); i += 2) {
            const unsigned pixel = word(i);
            pen.put(rgb(widen5(pixel >> 11), widen6((pixel >> 5) & 0x3f), widen5(pixel & 0x1f)));
        }
        break;
    case PixelFormat::Rgb888:
        for (std::size_t i = 0; i + 3 <= source.size(); i += 3) {
            pen.put(rgb(source[i + 2], source[i + 1], source[i]));
        }
        break;
    default:
        for (std::size_t i = 0; i + 4 <= source.size(); i += 4) {
            pen.put(rgb(source[i + 2], source[i + 1], source[i]));
        }
        break;
    }
    return line.data() + std::size_t{pan} * frame.pixel_width;
}

void draw_pointer(const Pointer& pointer, std::span<const std::uint8_t> vram, unsigned y, std::span<std::uint32_t> line)
{
    if (!pointer.visible || y < pointer.y || y - pointer.y >= pointer.size) {
        return;
    }
    const std::size_t row = pointer.pattern + std::size_t{y - pointer.y} * pointer.pattern_pitch;
    for (unsigned i = 0; i < pointer.size && pointer.x + i < line.size(); ++i) {
        const unsigned bit = 7 - i % 8;
        const bool first = ((vram[row + i / 8] >> bit) & 1) != 0;
        const bool second = ((vram[row + pointer.second_offset + i / 8] >> bit) & 1) != 0;
        std::uint32_t& pixel = line[pointer.x + i];
        if (second) {
            pixel = first ? pointer.foreground : pointer.background;
        } else if (first) {
            pixel ^= 0xffffff;
        }
    }
}

std::uint32_t LineCounter::next(unsigned y)
{
    const bool cga = (frame_.crtc_mode & crtc::kModeNoCga) == 0;
    const bool hercules = (frame_.crtc_mode & crtc::kModeNoHercules) == 0;
    // A13 as the interleaved bytes have it: plane offsets are halved in word mode.
    const unsigned shift = (frame_.crtc_mode & crtc::kModeByte) != 0 ? 15 : 14;
    std::uint32_t address = row_address_;
    if (cga) {
        address = (address & ~(1U << shift)) | ((row_ & 1) << shift);
    }
    if (hercules) {
        address = (address & ~(2U << shift)) | (((row_ >> 1) & 1) << (shift + 1));
    }
    if (++shown_ >= frame_.repeat) {
        shown_ = 0;
        const unsigned bank_rows = (cga ? 1U : 0U) | (hercules ? 2U : 0U);
        if ((row_ & bank_rows) == bank_rows) {
            row_address_ += frame_.pitch;
        }
        ++row_;
    }
    if (y == frame_.line_compare) {
        row_address_ = 0;
        pan_ = frame_.split_pan;
        row_ = 0;
        shown_ = 0;
    }
    return address;
}

} // namespace windsor::devices::vga
