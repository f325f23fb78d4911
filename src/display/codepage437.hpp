// SPDX-License-Identifier: GPL-2.0-or-later
// Between the PC's character set and Unicode.
#pragma once

#include "backend/screen.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::display {

// The Unicode character of a code page 437 byte as a PC's font shows it: the bytes below 20h are pictures.
char32_t codepage437_to_unicode(std::uint8_t byte);

void append_utf8(std::string& text, char32_t character);
// The characters of UTF-8 text; malformed parts give U+FFFD.
std::u32string decode_utf8(std::string_view text);

// What a text screen says.
struct ScreenText {
    std::vector<std::string> lines{}; // UTF-8, without trailing blanks; one for every row
    bool cursor_visible{false};
    unsigned cursor_column{0};
    unsigned cursor_row{0};
};

ScreenText screen_text(const backend::TextScreen& screen);

} // namespace windsor::display
