// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i440fx/host_bridge.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace windsor::devices::i440fx {
namespace {

using memory::Backing;
using memory::GuestPhysical;

class HostBridgeTest : public testing::Test {
protected:
    HostBridgeTest()
    {
        for (std::uint64_t i = 0; i < ram->size(); ++i) {
            ram->data()[i] = 0xaa;
        }
        for (std::uint64_t page = 0; page < rom->size(); page += memory::kPageSize) {
            rom->data()[page] = static_cast<std::uint8_t>(page / memory::kPageSize);
        }
        memory.map({.start = GuestPhysical{0}, .size = ram->size(), .block = ram.get()});
        mapper.emplace(memory, PamMapper::Options{.ram = ram.get(), .rom = rom.get(), .rom_size = rom->size()});
        bridge.emplace(*mapper);
    }

    int peek(std::uint64_t address)
    {
        std::array<std::uint8_t, 1> byte{};
        return memory.read(GuestPhysical{address}, byte) ? byte[0] : -1;
    }
    bool poke(std::uint64_t address, std::uint8_t value)
    {
        return memory.write(GuestPhysical{address}, std::array{value});
    }

    std::unique_ptr<memory::Block> ram = memory::Block::create(0x200000).value();
    std::unique_ptr<memory::Block> rom = memory::Block::create(0x40000).value();
    memory::GuestMemory memory;
    std::optional<PamMapper> mapper;
    std::optional<HostBridge> bridge;
};

TEST_F(HostBridgeTest, IsThePlatformThatSeabiosKnows)
{
    EXPECT_EQ(bridge->config_read(0x00, 4), 0x12378086U);
    EXPECT_EQ(bridge->config_read(0x2c, 4), 0x11001af4U);
    EXPECT_EQ(bridge->config_read(0x0a, 2), 0x0600U);
    bridge->config_write(0x04, 2, 0);
    EXPECT_EQ(bridge->config_read(0x04, 2), 6U);
}

TEST_F(HostBridgeTest, StartsWithTheEndOfTheRomBelowOneMegabyte)
{
    EXPECT_EQ(peek(0xe0000), 32);
    EXPECT_EQ(peek(0xff000), 63);
    EXPECT_FALSE(poke(0xf0000, 1));
    EXPECT_EQ(peek(0xc0000), -1);
    EXPECT_EQ(peek(0xdf000), -1);
    EXPECT_EQ(peek(0x9f000), 0xaa);
    EXPECT_EQ(peek(0x100000), 0xaa);
}

TEST_F(HostBridgeTest, OpensRamForReadingAndWriting)
{
    bridge->config_write(0x59, 1, 0x30);
    EXPECT_EQ(peek(0xf0000), 0xaa);
    EXPECT_TRUE(poke(0xfffff, 0x55));
    EXPECT_EQ(ram->data()[0xfffff], 0x55);
    bridge->config_write(0x59, 1, 0x10);
    EXPECT_FALSE(poke(0xfffff, 0x66));
    EXPECT_EQ(peek(0xfffff), 0x55);
    bridge->reset();
    EXPECT_EQ(peek(0xff000), 63);
}

TEST_F(HostBridgeTest, EachNibbleGovernsItsSixteenKilobytes)
{
    bridge->config_write(0x5a, 1, 0x03);
    EXPECT_EQ(peek(0xc3fff), 0xaa);
    EXPECT_EQ(peek(0xc4000), -1);
    bridge->config_write(0x5c, 4, 0x30000030);
    EXPECT_EQ(peek(0xcc000), -1);
    EXPECT_EQ(peek(0xd4000), 0xaa);
    EXPECT_EQ(peek(0xec000), 0xaa);
    EXPECT_EQ(peek(0xe8000), 40);
}

TEST_F(HostBridgeTest, WriteOnlySegmentsTakeWritesToRam)
{
    bridge->config_write(0x5a, 1, 0x02);
    EXPECT_EQ(memory.lookup(GuestPhysical{0xc0000}).backing, Backing::WriteOnly);
    EXPECT_TRUE(poke(0xc0000, 0x77));
    EXPECT_EQ(peek(0xc0000), -1);
    bridge->config_write(0x5a, 1, 0x01);
    EXPECT_EQ(peek(0xc0000), 0x77);
}

TEST_F(HostBridgeTest, WritesReachRamWhileReadsComeFromTheRom)
{
    bus::AccessHandler& writes = mapper->shadow_writes();
    writes.write(0x30000, bus::Width::Dword, 0x44332211); // F0000, closed
    EXPECT_EQ(ram->data()[0xf0000], 0xaa);
    bridge->config_write(0x59, 1, 0x20);
    EXPECT_EQ(peek(0xf0000), 48);
    writes.write(0x30000, bus::Width::Dword, 0x44332211);
    EXPECT_EQ(peek(0xf0000), 48) << "the ROM still answers reads";
    bridge->config_write(0x59, 1, 0x30);
    EXPECT_EQ(peek(0xf0000), 0x11);
    EXPECT_EQ(peek(0xf0003), 0x44);
    // An access over the border of two segments: EC000-EFFFF is closed.
    bridge->config_write(0x59, 1, 0x20);
    writes.write(0x2fffe, bus::Width::Dword, 0x88776655);
    EXPECT_EQ(ram->data()[0xeffff], 0xaa);
    EXPECT_EQ(ram->data()[0xf0000], 0x77);
    memory.log_writes(*ram, memory::Logging::On);
    static_cast<void>(memory.take_unsent(*ram));
    writes.write(0x30000, bus::Width::Byte, 1);
    const std::vector<bool> unsent = memory.take_unsent(*ram);
    EXPECT_TRUE(unsent[0xf0]);
    EXPECT_FALSE(unsent[0xf1]);
}

TEST_F(HostBridgeTest, OpenSmramCoversDisplayMemory)
{
    const auto vram = memory::Block::create(0x20000).value();
    memory.map({.start = GuestPhysical{0xa0000}, .size = 0x20000, .block = vram.get(), .layer = 20});
    EXPECT_EQ(peek(0xa0000), 0);
    bridge->config_write(0x72, 1, 0x4a);
    EXPECT_EQ(peek(0xa0000), 0xaa);
    bridge->config_write(0x72, 1, 0x0a);
    EXPECT_EQ(peek(0xbffff), 0);
    bridge->config_write(0x72, 1, 0x5a); // locks: no longer open
    EXPECT_EQ(peek(0xa0000), 0);
    bridge->config_write(0x72, 1, 0x4a);
    EXPECT_EQ(bridge->config_read(0x72, 1), 0x1aU);
    EXPECT_EQ(peek(0xa0000), 0);
    bridge->reset();
    EXPECT_EQ(bridge->config_read(0x72, 1), 0x02U);
}

TEST_F(HostBridgeTest, LoadAppliesTheRegisters)
{
    bridge->config_write(0x59, 1, 0x30);
    const pci::Function::State saved = bridge->state();
    bridge->reset();
    bridge->load(saved);
    EXPECT_EQ(peek(0xf0000), 0xaa);
}

TEST_F(HostBridgeTest, WithoutRomReadsFloat)
{
    memory::GuestMemory other;
    PamMapper bare{other, {.ram = ram.get()}};
    std::array<std::uint8_t, 1> byte{};
    EXPECT_FALSE(other.read(GuestPhysical{0xf0000}, byte));
    bare.set_segment(12, kPamRead | kPamWrite);
    EXPECT_TRUE(other.read(GuestPhysical{0xf0000}, byte));
}

} // namespace
} // namespace windsor::devices::i440fx
