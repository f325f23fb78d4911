// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.hpp"

#include "base/huge_pages.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <span>
#include <vector>

namespace windsor::base {

namespace {

TEST(Arena, GivesMemoryThatIsAlignedAndItsOwn)
{
    Arena arena;
    std::vector<std::span<std::uint8_t>> given;
    for (unsigned n = 0; n < 3000; ++n) {
        const std::size_t size = 1 + n * 37 % 5000;
        const std::size_t alignment = std::size_t{1} << n % 7;
        auto* start = static_cast<std::uint8_t*>(arena.allocate(size, alignment));
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(start) % alignment, 0U);
        std::memset(start, static_cast<int>(n % 251), size);
        given.emplace_back(start, size);
    }
    for (std::size_t n = 0; n < given.size(); ++n) { // nothing has been overwritten
        EXPECT_EQ(given[n].front(), n % 251);
        EXPECT_EQ(given[n].back(), n % 251);
    }
}

TEST(Arena, GivesTheSameMemoryAfterRelease)
{
    Arena arena;
    constexpr std::size_t kBlock = kHugePage / 4 + 1;
    std::vector<void*> first;
    for (unsigned n = 0; n < 10; ++n) {
        first.push_back(arena.allocate(kBlock));
    }
    arena.release();
    for (void* expected : first) {
        EXPECT_EQ(arena.allocate(kBlock), expected);
    }
}

TEST(Arena, TakesWhatIsLargerThanAHugePage)
{
    Arena arena;
    auto* large = static_cast<std::uint8_t*>(arena.allocate(3 * kHugePage + 5));
    std::memset(large, 1, 3 * kHugePage + 5);
    arena.release();
    void* small = arena.allocate(16);
    EXPECT_EQ(small, large);
    EXPECT_NE(arena.allocate(4 * kHugePage), nullptr); // passes over what is too small
}

} // namespace

} // namespace windsor::base
