// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace windsor::firmware {

// Appends the low `size` bytes of `value`, least significant first.
inline void put_little(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; ++i) {
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

// The same, most significant first.
inline void put_big(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned size)
{
    for (unsigned i = size; i > 0; --i) {
        out.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
    }
}

// Appends `text` in a field of `size` bytes, cut or padded with `pad`.
inline void put_text(std::vector<std::uint8_t>& out, std::string_view text, std::size_t size, char pad = '\0')
{
    for (std::size_t i = 0; i < size; ++i) {
        out.push_back(static_cast<std::uint8_t>(i < text.size() ? text[i] : pad));
    }
}

} // namespace windsor::firmware
