// SPDX-License-Identifier: GPL-2.0-or-later
// The hash FNV-1a of 64 bits, for names and numbers that have to stay what they are. It hides nothing from anybody.
#pragma once

#include <cstdint>
#include <string_view>

namespace windsor::base {

constexpr std::uint64_t fnv1a(std::string_view text)
{
    std::uint64_t value = 0xcbf29ce484222325;
    for (const char character : text) {
        value = (value ^ static_cast<std::uint8_t>(character)) * 0x100000001b3;
    }
    return value;
}
static_assert(fnv1a("foobar") == 0x85944171f73967e8);

// The same with its upper half in its lower one, for those who use only the lower bits.
constexpr std::uint64_t folded_fnv1a(std::string_view text)
{
    const std::uint64_t value = fnv1a(text);
    return value ^ value >> 32;
}

} // namespace windsor::base
