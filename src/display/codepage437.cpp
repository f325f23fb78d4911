// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/codepage437.hpp"

namespace windsor::display {

namespace {

constexpr std::u32string_view kControlPictures = U" ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
constexpr std::u32string_view kUpperHalf = U"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ"
                                           U"áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
                                           U"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
                                           U"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";
static_assert(kControlPictures.size() == 0x20 && kUpperHalf.size() == 0x80);

constexpr char32_t kReplacement = 0xfffd;

// Bytes that follow a lead byte; 0 for one that cannot lead.
unsigned continuation_count(std::uint8_t lead)
{
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 2;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

} // namespace

char32_t codepage437_to_unicode(std::uint8_t byte)
{
    if (byte < 0x20) {
        return kControlPictures[byte];
    }
    if (byte >= 0x80) {
        return kUpperHalf[byte - 0x80U];
    }
    return byte == 0x7f ? U'⌂' : char32_t{byte};
}

void append_utf8(std::string& text, char32_t character)
{
    const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xc0 | (character >> 6));
        put(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        put(0xe0 | (character >> 12));
        put(0x80 | ((character >> 6) & 0x3f));
        put(0x80 | (character & 0x3f));
    } else {
        put(0xf0 | ((character >> 18) & 7));
        put(0x80 | ((character >> 12) & 0x3f));
        put(0x80 | ((character >> 6) & 0x3f));
        put(0x80 | (character & 0x3f));
    }
}

std::u32string decode_utf8(std::string_view text)
{
    std::u32string characters;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<std::uint8_t>(text[i++]);
        if (lead < 0x80) {
            characters.push_back(lead);
            continue;
        }
        const unsigned count = continuation_count(lead);
        char32_t character = lead & (0x3fU >> count);
        unsigned taken = 0;
        while (taken < count && i < text.size() && (static_cast<std::uint8_t>(text[i]) & 0xc0) == 0x80) {
            character = (character << 6) | (static_cast<std::uint8_t>(text[i++]) & 0x3fU);
            ++taken;
        }
        const bool overlong = (count == 2 && character < 0x800) || (count == 3 && character < 0x10000);
        const bool invalid = (character >= 0xd800 && character < 0xe000) || character > 0x10ffff;
        characters.push_back(count == 0 || taken != count || overlong || invalid ? kReplacement : character);
    }
    return characters;
}

ScreenText screen_text(const backend::TextScreen& screen)
{
    ScreenText text{.cursor_visible = screen.cursor_visible,
                    .cursor_column = screen.cursor_column,
                    .cursor_row = screen.cursor_row};
    for (unsigned row = 0; row < screen.rows; ++row) {
        std::string line;
        std::size_t end = 0;
        for (unsigned column = 0; column < screen.columns; ++column) {
            const backend::TextCell& cell = screen.cells[std::size_t{row} * screen.columns + column];
            const char32_t c = codepage437_to_unicode(cell.character);
            append_utf8(line, c);
            end = c == U' ' ? end : line.size();
        }
        line.resize(end);
        text.lines.push_back(std::move(line));
    }
    return text;
}

} // namespace windsor::display
