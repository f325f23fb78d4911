// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/printable.hpp"

#include <algorithm>

namespace windsor::base {

namespace {

bool is_order(unsigned char byte)
{
    return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
}

// C1, U+0080 to U+009F, are two bytes each.
constexpr unsigned char kFirstOfC1 = 0xc2;
constexpr unsigned char kLastC1 = 0x9f;

} // namespace

std::string printable(std::string_view text)
{
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const bool more = at + 1 < text.size();
        if (byte == kFirstOfC1 && more && static_cast<unsigned char>(text[at + 1]) <= kLastC1) {
            shown += '?';
            ++at;
        } else {
            shown += is_order(byte) ? '?' : text[at];
        }
    }
    return shown;
}

std::string printable_line(std::string_view text)
{
    std::string line = printable(text);
    std::ranges::replace_if(line, [](char character) { return character == '\n' || character == '\t'; }, ' ');
    return line;
}

} // namespace windsor::base
