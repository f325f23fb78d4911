// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/block_cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace windsor::emulate::testing {

namespace {

constexpr std::size_t kPageBytes = memory::kPageSize;

// Blocks that begin at the end of the first page and go on in one of the others.
class CrossingBlocks : public ::testing::Test {
protected:
    void insert(unsigned second)
    {
        auto block = std::make_unique<Block>();
        block->host = page(0) + kPageBytes - 2;
        block->second_page = page(second);
        block->length = 5;
        block->insns.resize(1);
        cache.insert(std::move(block));
    }
    const std::uint8_t* page(unsigned number) const { return pages.data() + number * kPageBytes; }

    BlockCache cache;
    alignas(memory::kPageSize) std::array<std::uint8_t, 3 * memory::kPageSize> pages{};
};

TEST_F(CrossingBlocks, GoWithEitherPage)
{
    insert(1);
    EXPECT_TRUE(cache.written(page(1), 0, 1).dropped);
    EXPECT_EQ(cache.find(page(0) + kPageBytes - 2, 0), nullptr);
    insert(1);
    EXPECT_TRUE(cache.written(page(0), kPageBytes - 1, 1).dropped);
    EXPECT_EQ(cache.find(page(0) + kPageBytes - 2, 0), nullptr);
}

// A guest may make them over and over.
TEST_F(CrossingBlocks, LeaveNothingInTheirSecondPage)
{
    insert(1);
    static_cast<void>(cache.written(page(0), kPageBytes - 1, 1));
    EXPECT_FALSE(cache.written(page(1), 0, 1).dropped);
    insert(1);
    insert(2); // in its place
    EXPECT_FALSE(cache.written(page(1), 0, 1).dropped);
    EXPECT_TRUE(cache.written(page(2), 0, 1).dropped);
}

TEST_F(CrossingBlocks, MayHaveOnePageTwice)
{
    insert(0);
    EXPECT_TRUE(cache.written(page(0), 0, 1).dropped);
    EXPECT_EQ(cache.find(page(0) + kPageBytes - 2, 0), nullptr);
    insert(0);
    EXPECT_TRUE(cache.written(page(0), 0, kPageBytes).dropped);
    EXPECT_FALSE(cache.holds_page(page(0)));
}

} // namespace

} // namespace windsor::emulate::testing
