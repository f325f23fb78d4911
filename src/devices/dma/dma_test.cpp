// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/dma/dma.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace windsor::devices::dma {
namespace {

using base::GuestPhysical;
using bus::Width;

class DmaTest : public testing::Test {
protected:
    DmaTest()
    {
        memory.map({.start = GuestPhysical{0}, .size = block->size(), .block = block.get()});
    }
    void write(bus::AccessHandler& ports, unsigned offset, unsigned value)
    {
        EXPECT_EQ(ports.write(offset, Width::Byte, value), bus::AccessStatus::Ok);
    }
    unsigned read(bus::AccessHandler& ports, unsigned offset)
    {
        return static_cast<unsigned>(ports.read(offset, Width::Byte).value);
    }
    // As a floppy driver does it, for channel 2.
    void set_up(unsigned address, unsigned bytes, unsigned mode)
    {
        write(first, 0x0a, 6);
        write(first, 0x0c, 0);
        write(first, 0x0b, mode | 2);
        write(first, 4, address & 0xff);
        write(first, 4, address >> 8 & 0xff);
        write(pages, 1, address >> 16);
        write(first, 5, (bytes - 1) & 0xff);
        write(first, 5, (bytes - 1) >> 8);
        write(first, 0x0a, 2);
    }
    static std::vector<std::uint8_t> pattern(std::size_t size)
    {
        std::vector<std::uint8_t> bytes(size);
        std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
        return bytes;
    }
    std::vector<std::uint8_t> memory_at(std::size_t address, std::size_t size)
    {
        const auto bytes = block->bytes().subspan(address, size);
        return {bytes.begin(), bytes.end()};
    }

    std::unique_ptr<memory::Block> block{memory::Block::create(2 << 20).value()};
    memory::GuestMemory memory;
    Dma dma{memory};
    bus::AccessHandler& first{dma.first_ports()};
    bus::AccessHandler& second{dma.second_ports()};
    bus::AccessHandler& pages{dma.page_ports()};
};

TEST_F(DmaTest, DeviceWritesToMemory)
{
    set_up(0x12345, 512, 0x44); // single, write
    const auto bytes = pattern(512);
    const auto done = dma.write(2, bytes);
    EXPECT_EQ(done.bytes, 512u);
    EXPECT_TRUE(done.terminal_count);
    EXPECT_EQ(memory_at(0x12345, 512), bytes);
    EXPECT_EQ(read(first, 8), 0x04u);
    EXPECT_EQ(read(first, 8), 0x00u) << "reading clears terminal counts";
    EXPECT_EQ(dma.write(2, bytes).bytes, 0u) << "masked at terminal count";
}

TEST_F(DmaTest, DeviceReadsFromMemoryInPieces)
{
    const auto bytes = pattern(100);
    std::copy(bytes.begin(), bytes.end(), block->data() + 0x8000);
    set_up(0x8000, 100, 0x48);
    std::vector<std::uint8_t> got(64);
    auto done = dma.read(2, got);
    EXPECT_EQ(done.bytes, 64u);
    EXPECT_FALSE(done.terminal_count);
    write(first, 0x0c, 0);
    EXPECT_EQ(read(first, 5), 35u);
    EXPECT_EQ(read(first, 5), 0u);
    EXPECT_EQ(read(first, 4), 0x40u);
    EXPECT_EQ(read(first, 4), 0x80u);
    std::vector<std::uint8_t> rest(64);
    done = dma.read(2, rest);
    EXPECT_EQ(done.bytes, 36u);
    EXPECT_TRUE(done.terminal_count);
    EXPECT_EQ(rest[35], 100);
    EXPECT_EQ(rest[36], 0);
}

TEST_F(DmaTest, AddressWrapsWithinThePage)
{
    set_up(0x1fffe, 4, 0x44);
    dma.write(2, pattern(4));
    EXPECT_EQ(memory_at(0x1fffe, 2), (std::vector<std::uint8_t>{1, 2}));
    EXPECT_EQ(memory_at(0x10000, 2), (std::vector<std::uint8_t>{3, 4}));
    EXPECT_EQ(memory_at(0x20000, 1), (std::vector<std::uint8_t>{0}));
}

TEST_F(DmaTest, DecrementGoesDown)
{
    set_up(0x10001, 3, 0x64);
    dma.write(2, pattern(3));
    EXPECT_EQ(memory_at(0x10000, 2), (std::vector<std::uint8_t>{2, 1}));
    EXPECT_EQ(memory_at(0x1ffff, 1), (std::vector<std::uint8_t>{3}));
}

TEST_F(DmaTest, AutoInitializeStartsOver)
{
    set_up(0x3000, 4, 0x54);
    const auto done = dma.write(2, pattern(6));
    EXPECT_EQ(done.bytes, 4u) << "up to terminal count";
    EXPECT_TRUE(done.terminal_count);
    EXPECT_EQ(dma.write(2, std::vector<std::uint8_t>{9}).bytes, 1u);
    EXPECT_EQ(memory_at(0x3000, 4), (std::vector<std::uint8_t>{9, 2, 3, 4}));
}

TEST_F(DmaTest, WrongDirectionMaskAndDisableMoveNothing)
{
    set_up(0x3000, 4, 0x48);
    EXPECT_EQ(dma.write(2, pattern(4)).bytes, 0u);
    set_up(0x3000, 4, 0x44);
    write(first, 8, 0x04);
    EXPECT_EQ(dma.write(2, pattern(4)).bytes, 0u);
    write(first, 8, 0x00);
    write(first, 0x0f, 0x04);
    EXPECT_EQ(dma.write(2, pattern(4)).bytes, 0u);
    write(first, 0x0e, 0x00);
    EXPECT_EQ(dma.write(2, pattern(4)).bytes, 4u);
    EXPECT_EQ(dma.write(4, pattern(4)).bytes, 0u);
    EXPECT_EQ(dma.write(99, pattern(4)).bytes, 0u);
}

TEST_F(DmaTest, VerifyCountsOnly)
{
    set_up(0x3000, 4, 0x40);
    const auto done = dma.write(2, pattern(4));
    EXPECT_EQ(done.bytes, 4u);
    EXPECT_TRUE(done.terminal_count);
    EXPECT_EQ(memory_at(0x3000, 4), (std::vector<std::uint8_t>(4, 0)));
}

TEST_F(DmaTest, WordChannel)
{
    write(second, 0x18, 0); // clear the flip-flop
    write(second, 0x16, 0x45); // channel 5, write
    write(second, 4, 0x00);
    write(second, 4, 0x80); // word address 0x8000
    write(pages, 0x0b, 0x05); // bit 0 is not used
    write(second, 6, 3);
    write(second, 6, 0);
    write(second, 0x14, 1);
    const auto done = dma.write(5, pattern(9));
    EXPECT_EQ(done.bytes, 8u);
    EXPECT_TRUE(done.terminal_count);
    EXPECT_EQ(memory_at(0x50000, 9), (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 0}));
}

TEST_F(DmaTest, NoMemoryReadsAsOnes)
{
    set_up(0xff0000, 2, 0x48);
    std::vector<std::uint8_t> got(2);
    EXPECT_EQ(dma.read(2, got).bytes, 2u);
    EXPECT_EQ(got, (std::vector<std::uint8_t>{0xff, 0xff}));
}

TEST_F(DmaTest, FlipFlopAndMasterClear)
{
    write(first, 0, 0x11);
    write(first, 0, 0x22);
    write(first, 0, 0x33);
    write(first, 0x0d, 0);
    EXPECT_EQ(read(first, 0), 0x33u);
    EXPECT_EQ(read(first, 0), 0x22u);
    EXPECT_EQ(read(first, 0x0f) & 0x0f, 0x0fu) << "all masked";
}

TEST_F(DmaTest, RequestsShowInTheStatus)
{
    dma.set_request(2, true);
    dma.set_request(6, true);
    write(first, 9, 5); // software request of channel 1
    EXPECT_EQ(read(first, 8), 0x60u);
    EXPECT_EQ(read(second, 0x10), 0x40u);
    dma.set_request(2, false);
    write(first, 9, 1);
    EXPECT_EQ(read(first, 8), 0x00u);
}

TEST_F(DmaTest, PostPortKeepsItsByte)
{
    write(pages, 0, 0x5a);
    EXPECT_EQ(read(pages, 0), 0x5au);
    EXPECT_EQ(dma.post_code(), 0x5a);
    EXPECT_EQ(pages.read(0, Width::Word).status, bus::AccessStatus::BadWidth);
}

TEST_F(DmaTest, StateRoundTrip)
{
    set_up(0x3000, 4, 0x44);
    Dma copy{memory};
    copy.load(dma.state());
    EXPECT_EQ(copy.write(2, pattern(2)).bytes, 2u);
    EXPECT_EQ(memory_at(0x3000, 2), (std::vector<std::uint8_t>{1, 2}));
    copy.reset();
    EXPECT_EQ(copy.write(2, pattern(2)).bytes, 0u);
}

} // namespace
} // namespace windsor::devices::dma
