// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.hpp"
#include "translate/cache/block.hpp"

#include "memory/guest_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace windsor::translate::testing {

namespace {

class BlocksOfOnePage : public ::testing::Test {
protected:
    void insert(std::uint64_t rip, unsigned second = 0)
    {
        Block& block = blocks.make();
        block.host = page(0) + memory::kPageSize - 2;
        block.rip = rip;
        block.length = 2;
        block.second_page = second != 0 ? page(second) : nullptr;
        block.second_length = second != 0 ? 2 : 0;
        blocks.insert(block);
    }
    bool has(std::uint64_t rip) const { return blocks.find(page(0) + memory::kPageSize - 2, rip, 0) != nullptr; }
    std::size_t write(unsigned number, unsigned offset)
    {
        std::vector<Block*> dropped;
        static_cast<void>(blocks.written(page(number), offset, 1, dropped));
        return dropped.size();
    }
    const std::uint8_t* page(unsigned number) const { return pages.data() + number * memory::kPageSize; }

    base::Arena arena;
    BlockMap blocks{arena};
    alignas(memory::kPageSize) std::array<std::uint8_t, 2 * memory::kPageSize> pages{};
};

TEST_F(BlocksOfOnePage, GoTogether)
{
    insert(0x1ffe);
    insert(0x2ffe, 1);
    insert(0x3ffe, 1);
    EXPECT_EQ(write(1, 1), 2u);
    EXPECT_TRUE(has(0x1ffe));
    EXPECT_FALSE(has(0x2ffe) || has(0x3ffe));
    EXPECT_FALSE(blocks.holds_code(page(1)));
    EXPECT_EQ(write(0, memory::kPageSize - 1), 1u);
    EXPECT_FALSE(has(0x1ffe));
    EXPECT_FALSE(blocks.holds_code(page(0)));
}

// A program may map a page at any number of addresses. A store to it drops all of their blocks at once, and meanwhile
// the processor does not look at its signals.
TEST_F(BlocksOfOnePage, GoSoonHoweverManyTheyAre)
{
    constexpr std::size_t kMany = 300'000;
    for (std::uint64_t n = 1; n <= kMany; ++n) {
        insert(n << 12 | 0xffe);
    }
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(write(0, memory::kPageSize - 1), kMany);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{5});
    EXPECT_FALSE(blocks.holds_code(page(0)));
}

} // namespace

} // namespace windsor::translate::testing
