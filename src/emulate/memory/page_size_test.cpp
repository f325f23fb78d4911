// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/memory/page_size.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace windsor::emulate {

namespace {

TEST(PageSize, SaysWhatGoesWithAnAddress)
{
    EXPECT_TRUE(invalidates(0x8048fff, 0x8048000, PageSize::Small));
    EXPECT_FALSE(invalidates(0x8049000, 0x8048000, PageSize::Small));
    EXPECT_TRUE(invalidates(0xc13ff000, 0xc1000000, PageSize::Large));
    EXPECT_FALSE(invalidates(0xc1400000, 0xc1000000, PageSize::Large));
    EXPECT_TRUE(invalidates(0xffff88803ffff000, 0xffff888000000000, PageSize::Huge));
    EXPECT_FALSE(invalidates(0xffff888040000000, 0xffff888000000000, PageSize::Huge));
}

TEST(LargePages, AreNearOnlyWhereTheyWereNoted)
{
    const auto pages = std::make_unique<LargePages>();
    pages->note(0x8048000, PageSize::Small);
    EXPECT_FALSE(pages->may_contain(0x8048000));
    // The kernel of a 32-bit system has its memory in large pages, and windows that change all the time above it.
    for (std::uint64_t linear = 0xc0000000; linear < 0xf8000000; linear += 0x400000) {
        pages->note(linear + 0x1000, PageSize::Large);
        EXPECT_TRUE(pages->may_contain(linear + 0x3ff000));
    }
    EXPECT_FALSE(pages->may_contain(0xfff00000));
    pages->note(0xffff888012345000, PageSize::Huge);
    EXPECT_TRUE(pages->may_contain(0xffff88803ffff000));
    EXPECT_FALSE(pages->may_contain(0xffff888040000000));
    pages->clear();
    EXPECT_FALSE(pages->may_contain(0xc0000000));
    EXPECT_FALSE(pages->may_contain(0xffff888012345000));
}

} // namespace
} // namespace windsor::emulate
