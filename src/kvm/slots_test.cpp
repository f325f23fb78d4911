// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/slots.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <map>

namespace windsor::kvm {

namespace {

using base::GuestPhysical;
using memory::Backing;

constexpr std::uint64_t kMebibyte = 1 << 20;

// A table in memory that refuses what KVM refuses.
class FakeTable final : public SlotTable {
public:
    int set(std::uint32_t id, const Slot& slot) override
    {
        for (const auto& [other, live] : slots) {
            const bool apart = slot.start + slot.size <= live.start || live.start + live.size <= slot.start;
            if (other == id || !apart) {
                return EEXIST;
            }
        }
        ++changes;
        slots[id] = slot;
        return refusal;
    }
    int remove(std::uint32_t id) override
    {
        ++changes;
        return slots.erase(id) == 1 ? 0 : EINVAL;
    }
    int take_dirty(std::uint32_t id, std::span<std::uint64_t> bitmap) override
    {
        bitmap[0] = std::exchange(dirty[slots.at(id).start], 0);
        return 0;
    }

    std::map<std::uint32_t, Slot> slots;
    std::map<GuestPhysical, std::uint64_t> dirty; // by start
    unsigned changes{0};
    int refusal{0};
};

class SlotsTest : public testing::Test {
protected:
    std::vector<Slot> live() const
    {
        std::map<GuestPhysical, Slot> sorted;
        for (const auto& [id, slot] : table.slots) {
            sorted[slot.start] = slot;
        }
        std::vector<Slot> result;
        for (const auto& [start, slot] : sorted) {
            result.push_back(slot);
        }
        return result;
    }

    std::unique_ptr<memory::Block> ram{memory::Block::create(4 * kMebibyte).value()};
    std::unique_ptr<memory::Block> rom{memory::Block::create(0x10000).value()};
    memory::GuestMemory memory;
    FakeTable table;
};

TEST_F(SlotsTest, RamIsCutOnlyAtTheFirstTwoMebibytes)
{
    memory.map({.size = 4 * kMebibyte, .block = ram.get()});
    const std::vector<Slot> plan = plan_slots(memory, A20::Open);
    ASSERT_EQ(plan.size(), 3u);
    EXPECT_EQ(plan[1].start, GuestPhysical{kMebibyte});
    EXPECT_EQ(plan[2].start, GuestPhysical{2 * kMebibyte});
    EXPECT_EQ(plan[2].size, 2 * kMebibyte);
    EXPECT_EQ(plan[2].block_offset, 2 * kMebibyte);
}

TEST_F(SlotsTest, RomExitsOnWritesAndWriteOnlyMemoryHasNoSlot)
{
    memory.map({.size = kMebibyte, .block = ram.get()});
    memory.map({.start = GuestPhysical{0xf0000},
                .size = 0x10000,
                .block = rom.get(),
                .backing = Backing::ReadOnly,
                .layer = 1});
    memory.map({.start = GuestPhysical{0xe0000},
                .size = 0x1000,
                .block = ram.get(),
                .backing = Backing::WriteOnly,
                .layer = 1});
    const std::vector<Slot> plan = plan_slots(memory, A20::Open);
    ASSERT_EQ(plan.size(), 3u);
    EXPECT_EQ(plan[0].size, 0xe0000u);
    EXPECT_EQ(plan[1].start, GuestPhysical{0xe1000u});
    EXPECT_EQ(plan[2].block, rom.get());
    EXPECT_EQ(plan[2].writes, Slot::Writes::Exit);
    EXPECT_EQ(plan[1].writes, Slot::Writes::Memory);
}

TEST_F(SlotsTest, ClosedA20RepeatsTheFirstMebibyte)
{
    memory.map({.size = 4 * kMebibyte, .block = ram.get()});
    const std::vector<Slot> plan = plan_slots(memory, A20::Closed);
    ASSERT_EQ(plan.size(), 3u);
    EXPECT_EQ(plan[1].start, GuestPhysical{kMebibyte});
    EXPECT_EQ(plan[1].block_offset, 0u);
    EXPECT_EQ(plan[2].block_offset, 2 * kMebibyte);
}

TEST_F(SlotsTest, ATableFollowsTheMemoryAndKeepsWhatStays)
{
    memory.map({.size = 4 * kMebibyte, .block = ram.get()});
    MemorySlots slots{memory, table, 8};
    EXPECT_EQ(live(), plan_slots(memory, A20::Open));
    table.changes = 0;
    const auto id = memory.map({.start = GuestPhysical{0xf0000},
                                .size = 0x10000,
                                .block = rom.get(),
                                .backing = Backing::ReadOnly,
                                .layer = 1});
    EXPECT_EQ(live(), plan_slots(memory, A20::Open));
    EXPECT_EQ(table.changes, 3u); // one away, two new; the others stay
    memory.unmap(id);
    EXPECT_EQ(live(), plan_slots(memory, A20::Open));
    slots.set_a20(A20::Closed);
    EXPECT_EQ(live(), plan_slots(memory, A20::Closed));
    EXPECT_EQ(slots.failure(), "");
}

TEST_F(SlotsTest, DirtyPagesReachTheFlags)
{
    memory.map(
        {.start = GuestPhysical{0xa0000}, .size = 0x10000, .block = ram.get(), .block_offset = 0x4000, .logged = true});
    MemorySlots slots{memory, table, 8};
    table.dirty[GuestPhysical{0xa0000}] = 0b101;
    std::vector<bool> dirty = memory.take_dirty(*ram);
    EXPECT_TRUE(dirty[4]);
    EXPECT_FALSE(dirty[5]);
    EXPECT_TRUE(dirty[6]);
    EXPECT_EQ(memory.take_dirty(*ram), std::vector<bool>(dirty.size()));
}

TEST_F(SlotsTest, DirtyPagesOutliveTheirSlot)
{
    const auto id = memory.map({.start = GuestPhysical{0xa0000}, .size = 0x10000, .block = ram.get(), .logged = true});
    MemorySlots slots{memory, table, 8};
    table.dirty[GuestPhysical{0xa0000}] = 0b10;
    memory.unmap(id);
    EXPECT_TRUE(memory.take_dirty(*ram)[1]);
}

TEST_F(SlotsTest, DirtyPagesOutliveTheEngine)
{
    memory.map({.size = 4 * kMebibyte, .block = ram.get()});
    {
        MemorySlots slots{memory, table, 8};
        memory.log_writes(*ram, memory::Logging::On);
        table.dirty[GuestPhysical{2 * kMebibyte}] = 0b100;
    }
    EXPECT_TRUE(memory.take_unsent(*ram)[514]);
}

// Read-only memory never needs it; and what the picture's log takes stays in the other.
TEST_F(SlotsTest, TheLogForMigrationIsTurnedOnAndOff)
{
    memory.map({.size = 4 * kMebibyte, .block = ram.get()});
    memory.map({.start = GuestPhysical{0xf0000},
                .size = 0x10000,
                .block = ram.get(),
                .block_offset = 0xf0000,
                .backing = Backing::ReadOnly,
                .layer = 1});
    MemorySlots slots{memory, table, 8};
    memory.log_writes(*ram, memory::Logging::On);
    EXPECT_EQ(live(), plan_slots(memory, A20::Open));
    for (const Slot& slot : live()) {
        EXPECT_EQ(slot.logged, slot.writes == Slot::Writes::Memory);
    }
    table.dirty[GuestPhysical{2 * kMebibyte}] = 0b100;
    EXPECT_TRUE(memory.take_dirty(*ram)[514]);
    const std::vector<bool> unsent = memory.take_unsent(*ram);
    EXPECT_TRUE(unsent[514]);
    EXPECT_FALSE(unsent[513]);
    EXPECT_FALSE(memory.take_unsent(*ram)[514]);
    table.dirty[GuestPhysical{2 * kMebibyte}] = 0b10;
    memory.log_writes(*ram, memory::Logging::Off);
    EXPECT_TRUE(memory.take_unsent(*ram)[513]) << "of before";
    for (const Slot& slot : live()) {
        EXPECT_FALSE(slot.logged);
    }
}

TEST_F(SlotsTest, WhatDoesNotFitIsSaid)
{
    memory.map({.size = 4 * kMebibyte, .block = ram.get()});
    MemorySlots few{memory, table, 2};
    EXPECT_NE(few.failure().find("room for 2"), std::string::npos);
    FakeTable unwilling;
    unwilling.refusal = ENOMEM;
    MemorySlots refused{memory, unwilling, 8};
    EXPECT_NE(refused.failure().find("refuses the guest's memory at"), std::string::npos);
}

} // namespace

} // namespace windsor::kvm
