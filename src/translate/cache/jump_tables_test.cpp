// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/cache/jump_tables.hpp"

#include <memory>
#include <memory_resource>

#include <gtest/gtest.h>

namespace windsor::translate::testing {

namespace {

using emulate::Flush;
using emulate::PageSize;
using Pages = JumpTables::Pages;

class JumpTablesTest : public ::testing::Test {
protected:
    enum class Lies : std::uint8_t { InOnePage, AcrossTwo };
    Block& block(std::uint64_t rip, Lies lies = Lies::InOnePage)
    {
        Block& made = *new (arena.allocate(sizeof(Block), alignof(Block))) Block{&arena};
        made.rip = rip;
        made.second_page = lies == Lies::AcrossTwo ? &page : nullptr;
        return made;
    }
    void remember(Block& made, Pages pages, PageSize size) { tables.remember(0, made, pages, {size, size}); }
    bool knows(const Block& known) const { return tables.find(0, known.rip) == &known; }

    std::pmr::monotonic_buffer_resource arena;
    std::uint8_t page{0};
    std::unique_ptr<Frame> frame{std::make_unique<Frame>()};
    JumpTables tables{*frame, 2};
};

TEST_F(JumpTablesTest, HaveOneTableForEachContextAndNoMore)
{
    EXPECT_EQ(tables.slot_of(7), 0u);
    EXPECT_EQ(tables.slot_of(9), 1u);
    EXPECT_EQ(tables.slot_of(7), 0u);
    EXPECT_EQ(tables.slot_of(11), std::nullopt);
    tables.clear();
    EXPECT_EQ(tables.slot_of(11), 0u);
}

TEST_F(JumpTablesTest, EmptyEntriesHaveNoAddress)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    for (const std::uint64_t rip : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        EXPECT_EQ(tables.find(0, rip), nullptr);
    }
}

TEST_F(JumpTablesTest, KeepGlobalPagesOverALoadOfCr3)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    Block& kernel = block(0xc0001000);
    Block& program = block(0x8048000);
    remember(kernel, Pages::Global, PageSize::Small);
    remember(program, Pages::NonGlobal, PageSize::Small);
    tables.flush(Flush::NonGlobal);
    EXPECT_TRUE(knows(kernel));
    EXPECT_FALSE(knows(program));
    remember(program, Pages::NonGlobal, PageSize::Small);
    tables.flush(Flush::All);
    EXPECT_FALSE(knows(kernel));
    EXPECT_FALSE(knows(program));
}

TEST_F(JumpTablesTest, ForgetAnEntryThatHasChangedSides)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    Block& moved = block(0x8048000);
    remember(moved, Pages::Global, PageSize::Small);
    remember(moved, Pages::NonGlobal, PageSize::Small);
    tables.flush(Flush::NonGlobal);
    EXPECT_FALSE(knows(moved));
    remember(moved, Pages::Global, PageSize::Small);
    tables.flush(Flush::NonGlobal);
    EXPECT_TRUE(knows(moved));
}

TEST_F(JumpTablesTest, InvalidateThePageAndNoOther)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    Block& here = block(0x8048123);
    Block& there = block(0x8049123);
    remember(here, Pages::NonGlobal, PageSize::Small);
    remember(there, Pages::NonGlobal, PageSize::Small);
    tables.invalidate(x86::Linear{0x8048fff});
    EXPECT_FALSE(knows(here));
    EXPECT_TRUE(knows(there));
    tables.invalidate(x86::Linear{0x8049000}); // the page is still noted after the first invalidation
    EXPECT_FALSE(knows(there));
}

TEST_F(JumpTablesTest, InvalidateWhatCrossesByEitherPage)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    Block& crossing = block(0x8048ffe, Lies::AcrossTwo);
    for (const std::uint64_t linear : {0x8048000, 0x8049000}) {
        remember(crossing, Pages::NonGlobal, PageSize::Small);
        tables.invalidate(x86::Linear{linear});
        EXPECT_FALSE(knows(crossing)) << linear;
    }
}

TEST_F(JumpTablesTest, InvalidateWhatCrossesByAnyAddressInEitherOfItsPages)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    Block& crossing = block(0x803ffffe, Lies::AcrossTwo); // 0x80400000 begins another page of 4 MiB
    struct Case {
        JumpTables::Sizes sizes;
        std::uint64_t linear;
        bool forgets;
    };
    constexpr std::array kCases{
        Case{{PageSize::Small, PageSize::Large}, 0x80523000, true},
        Case{{PageSize::Small, PageSize::Large}, 0x803fe000, false},
        Case{{PageSize::Large, PageSize::Small}, 0x80123000, true},
        Case{{PageSize::Large, PageSize::Small}, 0x80523000, false},
        Case{{PageSize::Small, PageSize::Huge}, 0xb0000000, true},
    };
    for (const Case& each : kCases) {
        tables.remember(0, crossing, Pages::NonGlobal, each.sizes);
        tables.invalidate(x86::Linear{each.linear});
        EXPECT_EQ(knows(crossing), !each.forgets) << std::hex << each.linear;
    }
}

TEST_F(JumpTablesTest, InvalidateLargePagesByAnyAddressInThem)
{
    ASSERT_EQ(tables.slot_of(7), 0u);
    Block& kernel = block(0xffffffff81000010);
    remember(kernel, Pages::Global, PageSize::Large);
    tables.invalidate(x86::Linear{0x7f0000000000});
    EXPECT_TRUE(knows(kernel));
    tables.invalidate(x86::Linear{0xffffffff811ff000});
    EXPECT_FALSE(knows(kernel));
    remember(kernel, Pages::Global, PageSize::Huge);
    tables.invalidate(x86::Linear{0xffffffffbffff000});
    EXPECT_FALSE(knows(kernel));
}

} // namespace

} // namespace windsor::translate::testing
