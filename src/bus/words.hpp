// SPDX-License-Identifier: GPL-2.0-or-later
// Chips with registers of 16 bits that are reached by any width, at any address.
#pragma once

#include "bus/access.hpp"

#include <algorithm>
#include <cstdint>

namespace windsor::bus {

// What is read there, where `word` gives the register at an even offset.
template <typename Word> std::uint64_t read_words(std::uint64_t offset, Width width, Word word)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes(width); ++i) {
        const auto at = static_cast<unsigned>(offset) + i;
        const std::uint64_t byte = word(at & ~1U) >> (8 * (at & 1)) & 0xff;
        value |= byte << (8 * i);
    }
    return value;
}

// Calls `word` with each register's even offset, what is written there, and a mask of the bits that are written.
template <typename Word> void write_words(std::uint64_t offset, Width width, std::uint64_t value, Word word)
{
    const auto first = static_cast<unsigned>(offset);
    const unsigned end = first + bytes(width);
    for (unsigned at_word = first & ~1U; at_word < end; at_word += 2) {
        std::uint16_t part = 0;
        std::uint16_t mask = 0;
        for (unsigned at = std::max(at_word, first); at < std::min(at_word + 2, end); ++at) {
            const unsigned shift = 8 * (at - at_word);
            part = static_cast<std::uint16_t>(part | (value >> (8 * (at - first)) & 0xff) << shift);
            mask = static_cast<std::uint16_t>(mask | 0xffU << shift);
        }
        word(at_word, part, mask);
    }
}

} // namespace windsor::bus
