// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/page_filter.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace windsor::translate {

namespace {

constexpr std::uint64_t kPage = 4096;

// Pages of a program, of libraries and of a kernel, of 32 and of 64 bits.
constexpr std::array<std::uint64_t, 4> kPlaces{0x0804'8000, 0xb7a1'2000, 0xc100'0000, 0xffff'ffff'8100'0000};
constexpr std::uint64_t kEach = 250;

TEST(PageFilter, HoldsWhatWasNotedAndLittleElse)
{
    const auto filter = std::make_unique<PageFilter>();
    for (const std::uint64_t place : kPlaces) {
        EXPECT_FALSE(filter->may_hold(place));
    }
    for (const std::uint64_t place : kPlaces) {
        for (std::uint64_t n = 0; n < kEach; ++n) {
            filter->note(place + n * kPage + n);
        }
    }
    unsigned strangers = 0;
    for (const std::uint64_t place : kPlaces) {
        for (std::uint64_t n = 0; n < kEach; ++n) {
            EXPECT_TRUE(filter->may_hold(place + n * kPage + 4095));
        }
        for (std::uint64_t n = kEach; n < 5000; ++n) {
            strangers += filter->may_hold(place + n * kPage) ? 1 : 0;
        }
    }
    EXPECT_LT(strangers, 20u);
    filter->clear();
    EXPECT_FALSE(filter->may_hold(kPlaces[0]));
}

} // namespace
} // namespace windsor::translate
