// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/rfb_filter.hpp"

#include <gmock/gmock.h>

#include <string>

namespace windsor::display {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes left, const Bytes& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

// What comes through of a viewer's bytes after ClientInit, whatever the pieces they come in.
base::Result<Bytes> filtered(const Bytes& messages)
{
    std::optional<base::Result<Bytes>> first;
    for (const std::size_t piece : {messages.size() + 1, std::size_t{1}, std::size_t{3}}) {
        RfbFilter filter;
        Bytes allowed;
        base::Status status;
        const Bytes all = Bytes{1} + messages;
        for (std::size_t at = 0; at < all.size() && status; at += piece) {
            status = filter.take(std::span{all}.subspan(at, std::min(piece, all.size() - at)), allowed);
        }
        base::Result<Bytes> result = std::unexpected{base::Error{""}};
        if (status) {
            EXPECT_EQ(allowed.front(), 1); // ClientInit
            result = Bytes{allowed.begin() + 1, allowed.end()};
        } else {
            result = std::unexpected{status.error()};
        }
        if (!first) {
            first = result;
        }
        EXPECT_EQ(first->has_value(), result.has_value());
        if (*first && result) {
            EXPECT_EQ(**first, *result);
        }
    }
    return *first;
}

const Bytes kKey{4, 1, 0, 0, 0, 0, 0, 'a'};
const Bytes kPointer{5, 1, 0, 10, 0, 20};
const Bytes kRequest{3, 1, 0, 0, 0, 0, 2, 0x80, 1, 0xe0};
const Bytes kFormat{0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0};
const Bytes kExtendedKey{255, 0, 0, 1, 0, 0, 0, 'a', 0, 0, 0, 0x1e};

TEST(RfbFilterTest, WhatIsOfferedComesThroughAsItIs)
{
    const Bytes all = kKey + kPointer + kRequest + kFormat + kExtendedKey + kKey;
    EXPECT_THAT(*filtered(all), ElementsAreArray(all));
}

TEST(RfbFilterTest, HalfAMessageWaits)
{
    EXPECT_THAT(*filtered(kKey + Bytes{3, 1, 0, 0}), ElementsAreArray(kKey));
}

TEST(RfbFilterTest, WhatIsNotOfferedEndsTheConnection)
{
    // FixColourMapEntries, file transfer, SetScale, server input, single window, text chat, PalmVNC's scale, fences,
    // continuous updates, xvp, SetDesktopSize, GII, others.
    for (const std::uint8_t type : Bytes{1, 7, 8, 9, 10, 11, 15, 248, 150, 250, 251, 253, 99}) {
        const auto result = filtered(kKey + Bytes{type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        ASSERT_FALSE(result) << int{type};
        EXPECT_THAT(result.error().message(), HasSubstr("message " + std::to_string(type)));
    }
    EXPECT_FALSE(filtered(Bytes{255, 1, 0, 0})); // QEMU's audio
}

TEST(RfbFilterTest, OnlyEncodingsThatAreOfferedAreNamed)
{
    // raw, ExtendedDesktopSize (-308), ZRLE, xvp (-309), extended key events, extended clipboard.
    const Bytes named{2, 0, 0, 6, 0, 0, 0, 0, 255, 255, 254, 204, 0, 0, 0, 16, 255, 255, 254, 203,
                      255, 255, 254, 254, 0xc0, 0xa1, 0xe5, 0xce};
    const Bytes left{2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 16, 255, 255, 254, 254};
    EXPECT_THAT(*filtered(named + kKey), ElementsAreArray(left + kKey));
    EXPECT_FALSE(filtered(Bytes{2, 0, 255, 255}));
}

TEST(RfbFilterTest, ClipboardsArePassedOverHoweverLongTheyAre)
{
    const Bytes text(100, 'x');
    EXPECT_THAT(*filtered(Bytes{6, 0, 0, 0, 0, 0, 0, 100} + text + kKey), ElementsAreArray(kKey));
    EXPECT_THAT(*filtered(Bytes{6, 0, 0, 0, 0, 0, 0, 0} + kKey), ElementsAreArray(kKey));
    // The length of an extended one is negative.
    EXPECT_THAT(*filtered(Bytes{6, 0, 0, 0, 255, 255, 255, 156} + text + kKey), ElementsAreArray(kKey));

    RfbFilter filter;
    Bytes allowed;
    ASSERT_TRUE(filter.take(Bytes{1, 6, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}, allowed));
    const Bytes piece(1 << 20);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(filter.take(piece, allowed));
    }
    EXPECT_EQ(allowed.size(), 1U);
}

TEST(RfbFilterTest, ImpossiblePixelFormatsAreRefused)
{
    const auto with = [](std::size_t at, std::uint8_t value) {
        Bytes format = kFormat;
        format[at] = value;
        return filtered(format).has_value();
    };
    EXPECT_TRUE(with(5, 32));
    EXPECT_FALSE(with(4, 0));
    EXPECT_FALSE(with(4, 24));
    EXPECT_FALSE(with(5, 33));
    EXPECT_FALSE(with(14, 255)); // shift
    EXPECT_FALSE(with(14, 25));  // the maximum does not fit there
    EXPECT_FALSE(with(7, 0));    // a colour map of 32 bits
    EXPECT_FALSE(filtered(Bytes(4) + Bytes(16, 255)));
}

} // namespace
} // namespace windsor::display
