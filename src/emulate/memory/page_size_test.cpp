// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/memory/page_size.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace windsor::emulate {

namespace {

using x86::Linear;

TEST(PageSize, SaysWhatGoesWithAnAddress)
{
    EXPECT_TRUE(invalidates(Linear{0x8048fff}, Linear{0x8048000}, PageSize::Small));
    EXPECT_FALSE(invalidates(Linear{0x8049000}, Linear{0x8048000}, PageSize::Small));
    EXPECT_TRUE(invalidates(Linear{0xc13ff000}, Linear{0xc1000000}, PageSize::Large));
    EXPECT_FALSE(invalidates(Linear{0xc1400000}, Linear{0xc1000000}, PageSize::Large));
    EXPECT_TRUE(invalidates(Linear{0xffff88803ffff000}, Linear{0xffff888000000000}, PageSize::Huge));
    EXPECT_FALSE(invalidates(Linear{0xffff888040000000}, Linear{0xffff888000000000}, PageSize::Huge));
}

TEST(LargePages, AreNearOnlyWhereTheyWereNoted)
{
    const auto pages = std::make_unique<LargePages>();
    pages->note(Linear{0x8048000}, PageSize::Small);
    EXPECT_FALSE(pages->may_contain(Linear{0x8048000}));
    // The kernel of a 32-bit system has its memory in large pages, and windows that change all the time above it.
    for (Linear linear{0xc0000000}; linear < Linear{0xf8000000}; linear += 0x400000) {
        pages->note(linear + 0x1000, PageSize::Large);
        EXPECT_TRUE(pages->may_contain(linear + 0x3ff000));
    }
    EXPECT_FALSE(pages->may_contain(Linear{0xfff00000}));
    pages->note(Linear{0xffff888012345000}, PageSize::Huge);
    EXPECT_TRUE(pages->may_contain(Linear{0xffff88803ffff000}));
    EXPECT_FALSE(pages->may_contain(Linear{0xffff888040000000}));
    pages->clear();
    EXPECT_FALSE(pages->may_contain(Linear{0xc0000000}));
    EXPECT_FALSE(pages->may_contain(Linear{0xffff888012345000}));
}

} // namespace
} // namespace windsor::emulate
