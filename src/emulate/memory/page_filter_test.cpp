// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/memory/page_filter.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace windsor::emulate {

namespace {

// Numbers of pages of a program, of libraries and of a kernel, of 32 and of 64 bits.
constexpr std::array<std::uint64_t, 4> kPlaces{0x0804'8, 0xb7a1'2, 0xc100'0, 0xffff'ffff'8100'0};
constexpr std::uint64_t kEach = 250;

TEST(PageFilter, HoldsWhatWasNotedAndLittleElse)
{
    const auto filter = std::make_unique<PageFilter>();
    for (const std::uint64_t place : kPlaces) {
        EXPECT_FALSE(filter->may_contain(place));
    }
    for (const std::uint64_t place : kPlaces) {
        for (std::uint64_t n = 0; n < kEach; ++n) {
            filter->note(place + n);
        }
    }
    unsigned strangers = 0;
    for (const std::uint64_t place : kPlaces) {
        for (std::uint64_t n = 0; n < kEach; ++n) {
            EXPECT_TRUE(filter->may_contain(place + n));
        }
        for (std::uint64_t n = kEach; n < 5000; ++n) {
            strangers += filter->may_contain(place + n) ? 1 : 0;
        }
    }
    EXPECT_LT(strangers, 20u);
    filter->clear();
    EXPECT_FALSE(filter->may_contain(kPlaces[0]));
}

} // namespace
} // namespace windsor::emulate
