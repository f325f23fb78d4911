// SPDX-License-Identifier: GPL-2.0-or-later
// Pages that something may be known of: a Bloom filter.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace windsor::translate {

class PageFilter {
public:
    void note(std::uint64_t linear)
    {
        for (const std::size_t bit : bits_of(linear)) {
            bits_.set(bit);
        }
    }
    // False: the page was not noted. True is wrong for one page of some thousands where a thousand are noted.
    bool may_hold(std::uint64_t linear) const
    {
        const auto [one, other] = bits_of(linear);
        return bits_.test(one) && bits_.test(other);
    }
    void clear() { bits_.reset(); }

private:
    static constexpr std::size_t kBits = std::size_t{1} << 16;

    static std::array<std::size_t, 2> bits_of(std::uint64_t linear)
    {
        const std::uint64_t hash = (linear >> 12) * 0x9e37'79b9'7f4a'7c15;
        return {hash >> 48, (hash >> 32) % kBits};
    }

    std::bitset<kBits> bits_;
};

} // namespace windsor::translate
