// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/edid.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace windsor::devices::vga {

namespace {

constexpr std::uint8_t low(unsigned value)
{
    return static_cast<std::uint8_t>(value & 0xff);
}

// Detailed timing descriptor (E-EDID 1.4 section 3.10.2) with the blanking of an LCD.
void put_timing(std::span<std::uint8_t, 18> at, backend::Size size)
{
    constexpr unsigned kRefresh = 60;
    constexpr unsigned kHorizontalFront = 48;
    constexpr unsigned kHorizontalSync = 32;
    constexpr unsigned kHorizontalBlank = 160;
    constexpr unsigned kVerticalFront = 3;
    constexpr unsigned kVerticalSync = 6;
    const unsigned vertical_blank = std::max(23U, size.height / 28);
    const unsigned clock = (size.width + kHorizontalBlank) * (size.height + vertical_blank) * kRefresh / 10'000;
    constexpr unsigned kDotsPerInch = 96;
    const unsigned millimetres_wide = size.width * 254 / (kDotsPerInch * 10);
    const unsigned millimetres_high = size.height * 254 / (kDotsPerInch * 10);

    at[0] = low(clock);
    at[1] = low(clock >> 8);
    at[2] = low(size.width);
    at[3] = low(kHorizontalBlank);
    at[4] = low(((size.width >> 8) << 4) | (kHorizontalBlank >> 8));
    at[5] = low(size.height);
    at[6] = low(vertical_blank);
    at[7] = low(((size.height >> 8) << 4) | (vertical_blank >> 8));
    at[8] = low(kHorizontalFront);
    at[9] = low(kHorizontalSync);
    at[10] = low((kVerticalFront << 4) | kVerticalSync);
    at[12] = low(millimetres_wide);
    at[13] = low(millimetres_high);
    at[14] = low(((millimetres_wide >> 8) << 4) | (millimetres_high >> 8));
    at[17] = 0x18; // digital separate sync
}

// Display descriptor (section 3.10.3) with text, padded as the section wants it.
void put_text(std::span<std::uint8_t, 18> at, std::uint8_t tag, std::string_view text)
{
    at[3] = tag;
    for (std::size_t i = 0; i < 13; ++i) {
        at[5 + i] = i < text.size() ? static_cast<std::uint8_t>(text[i]) : i == text.size() ? 0x0a : 0x20;
    }
}

} // namespace

std::array<std::uint8_t, 128> make_edid(backend::Size preferred)
{
    std::array<std::uint8_t, 128> edid{0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};
    // "WDR": five bits a letter.
    constexpr unsigned kMaker = (23U << 10) | (4U << 5) | 18U;
    edid[8] = low(kMaker >> 8);
    edid[9] = low(kMaker);
    edid[10] = 1;                       // product
    edid[16] = 1;                       // week
    edid[17] = 2024 - 1990;             // year
    edid[18] = 1;                       // version 1.4
    edid[19] = 4;
    edid[20] = 0xa5;                    // digital, 8 bits a colour, DisplayPort
    edid[21] = low(preferred.width * 254 / 9600);  // centimetres at 96 dots an inch
    edid[22] = low(preferred.height * 254 / 9600);
    edid[23] = 120;                     // gamma 2.20
    edid[24] = 0x06;                    // sRGB, preferred timing is native
    constexpr std::array<std::uint8_t, 10> kSrgb{0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    std::ranges::copy(kSrgb, edid.begin() + 25);
    edid[35] = 0x21;                    // 640x480 and 800x600 at 60 Hz
    edid[36] = 0x08;                    // 1024x768 at 60 Hz
    // Standard timings at 60 Hz (section 3.9): columns / 8 - 31; aspect 16:10, 4:3, 5:4 or 16:9 in bits 6-7.
    constexpr std::array<std::uint8_t, 16> kStandard{
        1280 / 8 - 31, 0x00, 1280 / 8 - 31, 0x80, 1440 / 8 - 31, 0x00, 1600 / 8 - 31, 0x40,
        1680 / 8 - 31, 0x00, 1920 / 8 - 31, 0xc0, 1920 / 8 - 31, 0x00, 1152 / 8 - 31, 0x40};
    std::ranges::copy(kStandard, edid.begin() + 38);
    const std::span<std::uint8_t, 128> all{edid};
    put_timing(all.subspan<54, 18>(), preferred);
    put_text(all.subspan<72, 18>(), 0xfc, "Windsor");
    put_text(all.subspan<90, 18>(), 0xff, "1");
    edid[111] = 0x10;                   // a dummy descriptor
    unsigned sum = 0;
    for (const std::uint8_t byte : edid) {
        sum += byte;
    }
    edid[127] = low(256 - (sum & 0xff));
    return edid;
}

} // namespace windsor::devices::vga
