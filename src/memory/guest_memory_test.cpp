// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory/guest_memory.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

namespace windsor::memory {

namespace {

struct Heard final : MemoryObserver {
    void mappings_changed() override { ++mappings; }
    void code_written(GuestPhysical address, unsigned) override { pages.push_back(address.raw() & ~kPageMask); }
    void dirty_log_cleared() override { ++cleared; }

    int mappings{0};
    int cleared{0};
    std::vector<std::uint64_t> pages;
};

class GuestMemoryTest : public testing::Test {
protected:
    GuestMemoryTest() { memory_.map({.size = 4 * kPageSize, .block = ram_.get()}); }

    std::unique_ptr<Block> ram_{Block::create(4 * kPageSize).value()};
    std::unique_ptr<Block> rom_{Block::create(kPageSize).value()};
    GuestMemory memory_;
};

TEST_F(GuestMemoryTest, CopiesAcrossPagesAndRefusesWhatLiesOutside)
{
    const std::array<std::uint8_t, 4> written{1, 2, 3, 4};
    std::array<std::uint8_t, 4> got{};
    EXPECT_TRUE(memory_.write(GuestPhysical{kPageSize - 2}, written));
    EXPECT_TRUE(memory_.read(GuestPhysical{kPageSize - 2}, got));
    EXPECT_EQ(got, written);
    EXPECT_FALSE(memory_.read(GuestPhysical{4 * kPageSize - 2}, got));
    EXPECT_FALSE(memory_.write(GuestPhysical{~std::uint64_t{0} - 1}, written));
}

TEST_F(GuestMemoryTest, AHigherLayerCoversALowerOneAndUncoversItAgain)
{
    rom_->data()[0] = 0xaa;
    ram_->data()[kPageSize] = 0x11;
    const MappingId id = memory_.map({.start = GuestPhysical{kPageSize},
                                      .size = kPageSize,
                                      .block = rom_.get(),
                                      .backing = Backing::ReadOnly,
                                      .layer = 1});
    std::array<std::uint8_t, 1> byte{};
    EXPECT_TRUE(memory_.read(GuestPhysical{kPageSize}, byte));
    EXPECT_EQ(byte[0], 0xaa);
    EXPECT_FALSE(memory_.write(GuestPhysical{kPageSize}, byte)) << "ROM takes no writes";
    EXPECT_FALSE(memory_.lookup(GuestPhysical{kPageSize}).writable());
    memory_.unmap(id);
    EXPECT_TRUE(memory_.read(GuestPhysical{kPageSize}, byte));
    EXPECT_EQ(byte[0], 0x11);
}

TEST_F(GuestMemoryTest, AHoleHidesWhatLiesBelow)
{
    memory_.map({.start = GuestPhysical{2 * kPageSize}, .size = kPageSize, .block = nullptr, .layer = 1});
    EXPECT_EQ(memory_.lookup(GuestPhysical{2 * kPageSize}).host, nullptr);
    EXPECT_EQ(memory_.lookup(GuestPhysical{3 * kPageSize}).host, ram_->data() + 3 * kPageSize);
    int stretches = 0;
    memory_.for_each([&](const Mapping&) { ++stretches; });
    EXPECT_EQ(stretches, 2);
}

TEST_F(GuestMemoryTest, ObserversHearOfCodeOfMappingsAndOfTheDirtyLog)
{
    Heard heard;
    memory_.add_observer(heard);
    ram_->page_flags(1) = kPageCode;
    const std::array<std::uint8_t, 2> bytes{};
    EXPECT_TRUE(memory_.write(GuestPhysical{kPageSize - 1}, bytes));
    EXPECT_EQ(heard.pages, std::vector<std::uint64_t>{kPageSize});
    const std::vector<bool> dirty = memory_.take_dirty(*ram_);
    EXPECT_EQ(dirty, (std::vector<bool>{true, true, false, false}));
    EXPECT_EQ(heard.cleared, 1);
    EXPECT_EQ(std::ranges::count(memory_.take_dirty(*ram_), true), 0);
    EXPECT_EQ(heard.cleared, 1);
    memory_.map({.start = GuestPhysical{1u << 20}, .size = kPageSize, .block = rom_.get()});
    EXPECT_EQ(heard.mappings, 1);
    memory_.log_writes(*ram_, Logging::On);
    EXPECT_EQ(heard.mappings, 2) << "lookups say something else now";
    memory_.log_writes(*ram_, Logging::On);
    EXPECT_EQ(heard.mappings, 2);
    EXPECT_EQ(std::ranges::count(memory_.take_unsent(*ram_), true), 2);
    EXPECT_EQ(heard.mappings, 3) << "what was written is to be seen again";
    memory_.remove_observer(heard);
    memory_.map({.start = GuestPhysical{2u << 20}, .size = kPageSize, .block = rom_.get()});
    EXPECT_EQ(heard.mappings, 3);
}

TEST_F(GuestMemoryTest, TheLogOfABlockHoldsWhereverItIsMappedAndIsApartFromThePictures)
{
    memory_.map({.start = GuestPhysical{1u << 20}, .size = kPageSize, .block = ram_.get(), .block_offset = kPageSize});
    EXPECT_FALSE(memory_.lookup(GuestPhysical{kPageSize}).logged);
    memory_.log_writes(*ram_, Logging::On);
    for (const std::uint64_t address : {kPageSize, std::uint64_t{1} << 20}) {
        EXPECT_TRUE(memory_.lookup(GuestPhysical{address}).logged);
        EXPECT_FALSE(memory_.lookup(GuestPhysical{address}).displayed);
    }
    const std::array<std::uint8_t, 2> bytes{};
    EXPECT_TRUE(memory_.write(GuestPhysical{1u << 20}, bytes));
    const std::vector<bool> second{false, true, false, false};
    EXPECT_EQ(memory_.take_dirty(*ram_), second);
    EXPECT_EQ(memory_.take_unsent(*ram_), second);
    EXPECT_EQ(std::ranges::count(memory_.take_unsent(*ram_), true), 0);
    memory_.log_writes(*ram_, Logging::Off);
    EXPECT_FALSE(memory_.lookup(GuestPhysical{kPageSize}).logged);
}

} // namespace

} // namespace windsor::memory
