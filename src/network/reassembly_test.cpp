// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/reassembly.hpp"

#include "backend/frame.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace windsor::network {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr unsigned kMore = 0x2000;
constexpr std::size_t kData = 34; // where it begins, in a frame without options

// With data that is told by its place in the datagram.
Bytes fragment(unsigned id, std::size_t offset, std::size_t size, unsigned flags)
{
    const std::size_t total = 20 + size;
    const unsigned field = flags | static_cast<unsigned>(offset / 8);
    Bytes frame{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0};
    for (const std::size_t value : {total, std::size_t{id}, std::size_t{field}}) {
        frame.push_back(static_cast<std::uint8_t>(value >> 8));
        frame.push_back(static_cast<std::uint8_t>(value));
    }
    const Bytes rest{64, 17, 0, 0, 10, 0, 2, 15, 10, 9, 8, 7};
    frame.insert(frame.end(), rest.begin(), rest.end());
    const unsigned checksum = backend::internet_checksum(std::span{frame}.subspan(14));
    frame[24] = static_cast<std::uint8_t>(checksum >> 8);
    frame[25] = static_cast<std::uint8_t>(checksum);
    for (std::size_t i = 0; i < size; ++i) {
        frame.push_back(static_cast<std::uint8_t>((offset + i) * 7));
    }
    return frame;
}

class ReassemblyTest : public testing::Test {
protected:
    Bytes take(const Bytes& frame, std::int64_t now = 0)
    {
        const auto whole = reassembly_.take(frame, now);
        return {whole.begin(), whole.end()};
    }
    Bytes take(unsigned id, std::size_t offset, std::size_t size, unsigned flags, std::int64_t now = 0)
    {
        return take(fragment(id, offset, size, flags), now);
    }

    Reassembly reassembly_;
};

TEST_F(ReassemblyTest, WhatIsNoFragmentGoesThroughAsItIs)
{
    const Bytes whole = fragment(1, 0, 100, 0);
    EXPECT_EQ(take(whole), whole);
    const Bytes unfragmentable = fragment(1, 0, 100, 0x4000);
    EXPECT_EQ(take(unfragmentable), unfragmentable);
    const Bytes arp(14, 0xff);
    EXPECT_EQ(take(arp), arp);
}

TEST_F(ReassemblyTest, FragmentsBecomeTheDatagramThatTheyWereInAnyOrder)
{
    std::vector<unsigned> order{0, 1, 2, 3};
    do {
        for (unsigned i = 0; i < order.size(); ++i) {
            const unsigned part = order[i];
            const Bytes got = part == 3 ? take(1, 72, 13, 0) : take(1, 24 * std::size_t{part}, 24, kMore);
            EXPECT_EQ(got, i == 3 ? fragment(1, 0, 85, 0) : Bytes{});
        }
    } while (std::ranges::next_permutation(order).found);
}

TEST_F(ReassemblyTest, OneMayComeTwice)
{
    EXPECT_EQ(take(1, 0, 24, kMore), Bytes{});
    EXPECT_EQ(take(1, 0, 24, kMore), Bytes{});
    EXPECT_EQ(take(1, 24, 1, 0), fragment(1, 0, 25, 0));
}

TEST_F(ReassemblyTest, DatagramsAreKeptApart)
{
    EXPECT_EQ(take(1, 0, 24, kMore), Bytes{});
    EXPECT_EQ(take(2, 24, 10, 0), Bytes{});
    EXPECT_EQ(take(1, 24, 20, 0), fragment(1, 0, 44, 0));
    EXPECT_EQ(take(2, 0, 24, kMore), fragment(2, 0, 34, 0));
}

TEST_F(ReassemblyTest, WhatOverlapsOrEndsTwiceIsGivenUp)
{
    take(1, 0, 24, kMore);
    EXPECT_EQ(take(1, 16, 24, kMore), Bytes{});
    EXPECT_EQ(take(1, 24, 10, 0), Bytes{}) << "the first one is gone";
    take(2, 48, 10, 0);
    EXPECT_EQ(take(2, 24, 20, 0), Bytes{});
    take(3, 48, 24, kMore);
    EXPECT_EQ(take(3, 8, 24, 0), Bytes{}) << "there is more behind its end";
    take(4, 0, 24, kMore);
    EXPECT_EQ(take(4, 24, 10, 0), fragment(4, 0, 34, 0)) << "others are none the worse";
}

TEST_F(ReassemblyTest, NonsenseIsNoFragment)
{
    EXPECT_EQ(take(1, 0, 20, kMore), Bytes{}) << "no multiple of eight";
    EXPECT_EQ(take(1, 20, 4, 0), Bytes{});
    EXPECT_EQ(take(2, 65'528, 100, 0), Bytes{}) << "beyond what a datagram can have";
    EXPECT_EQ(take(2, 8, 0, 0), Bytes{});
    Bytes wrong = fragment(3, 0, 24, kMore);
    wrong[22] ^= 1;
    EXPECT_EQ(take(wrong), Bytes{}) << "a wrong checksum";
    for (std::size_t size = 22; size < kData + 24; ++size) {
        Bytes cut = fragment(3, 0, 24, kMore);
        cut.resize(size);
        EXPECT_EQ(take(cut), Bytes{});
    }
    EXPECT_EQ(take(3, 24, 10, 0), Bytes{});
}

TEST_F(ReassemblyTest, FewWaitAndNotForLong)
{
    for (unsigned id = 0; id <= Reassembly::kMostDatagrams; ++id) {
        take(id, 0, 8, kMore);
    }
    EXPECT_EQ(take(0, 8, 8, 0), Bytes{}) << "the oldest had to go";
    EXPECT_EQ(take(2, 8, 8, 0), fragment(2, 0, 16, 0));
    EXPECT_EQ(take(3, 8, 8, 0, Reassembly::kLongestWait), fragment(3, 0, 16, 0));
    EXPECT_EQ(take(4, 8, 8, 0, Reassembly::kLongestWait + 1), Bytes{});
}

TEST_F(ReassemblyTest, ADatagramInTooManyPiecesIsGivenUp)
{
    for (std::size_t part = 0; part <= Reassembly::kMostFragments; ++part) {
        take(1, 8 * part, 8, kMore);
    }
    EXPECT_EQ(take(1, 8 * (Reassembly::kMostFragments + 1), 8, 0), Bytes{});
}

TEST_F(ReassemblyTest, TheLongestDatagramFits)
{
    constexpr std::size_t kMost = 65'515;
    Bytes whole;
    for (std::size_t at = 0; at < kMost; at += 1480) {
        const std::size_t size = std::min<std::size_t>(1480, kMost - at);
        whole = take(1, at, size, at + size < kMost ? kMore : 0);
    }
    EXPECT_EQ(whole, fragment(1, 0, kMost, 0));
}

} // namespace
} // namespace windsor::network
