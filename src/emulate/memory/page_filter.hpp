// SPDX-License-Identifier: GPL-2.0-or-later
// A set of pages that may seem to contain a few more than were noted: a Bloom filter.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace windsor::emulate {

class PageFilter {
public:
    // Pages are numbered by whoever asks.
    void note(std::uint64_t number)
    {
        for (const std::size_t bit : bits_of(number)) {
            bits_.set(bit);
        }
    }
    // False: the page was not noted. True is wrong for one page of some thousands where a thousand are noted.
    bool may_contain(std::uint64_t number) const
    {
        const auto [one, other] = bits_of(number);
        return bits_.test(one) && bits_.test(other);
    }
    void clear() { bits_.reset(); }

private:
    static constexpr std::size_t kBits = std::size_t{1} << 16;

    static std::array<std::size_t, 2> bits_of(std::uint64_t number)
    {
        const std::uint64_t hash = number * 0x9e37'79b9'7f4a'7c15;
        return {hash >> 48, (hash >> 32) % kBits};
    }

    std::bitset<kBits> bits_;
};

} // namespace windsor::emulate
