// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that move sectors, and how they end.
#include "devices/floppy/floppy_bench.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace windsor::devices::floppy {
namespace {

using Bytes = std::vector<unsigned>;
using base::kMillisecond;

class FloppyTransfer : public testing::Test, protected Bench {
protected:
    FloppyTransfer() : FloppyTransfer{std::make_shared<MemoryMedia>(k1440)} {}
    explicit FloppyTransfer(std::shared_ptr<MemoryMedia> disk) : Bench{std::move(disk)} {}
    void SetUp() override { begin(); }

    void seek(unsigned cylinder)
    {
        command({0x0f, 0x00, cylinder});
        run();
        complete({0x08});
        irq.count = 0;
    }
    // Whether memory holds so many sectors of the disk, from that one on.
    bool holds(std::size_t first, std::size_t sectors) const
    {
        const auto wanted = std::span{medium->data}.subspan(first * kSectorBytes, sectors * kSectorBytes);
        return std::ranges::equal(wanted, std::span{dma.memory}.first(wanted.size()));
    }
    void fill_memory(std::uint8_t first) { std::iota(dma.memory.begin(), dma.memory.end(), first); }
    // Through the FIFO, as long as the controller offers bytes.
    std::vector<std::uint8_t> read_fifo(std::size_t bytes)
    {
        std::vector<std::uint8_t> read;
        while (read.size() < bytes) {
            run_to_host();
            if (main_status() != 0xf0) {
                break;
            }
            read.push_back(static_cast<std::uint8_t>(in(Register::Data)));
        }
        return read;
    }
    void run_to_host() { pass(main_status() == 0x30 ? kSectorTime : 0); }
};

TEST_F(FloppyTransfer, ReadsUntilTerminalCount)
{
    dma.set_up(1024);
    command({0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    EXPECT_EQ(main_status(), 0x10u);
    EXPECT_FALSE(irq.level);
    run();
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(main_status(), 0xd0u);
    in(Register::Data);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(result(), (Bytes{0, 0, 0, 0, 3, 2}));
    EXPECT_TRUE(holds(0, 2));
    EXPECT_EQ(dma.position, 1024u);
    EXPECT_EQ(dma.channel_of_request, kDmaChannel);
    EXPECT_FALSE(dma.request);
    EXPECT_EQ(irq.count, 1u);
}

// Datasheet table 5-6.
TEST_F(FloppyTransfer, SaysWhereTheNextCommandWouldGoOn)
{
    const auto read = [this](unsigned code, unsigned head, unsigned sector, std::size_t sectors) {
        dma.set_up(sectors * kSectorBytes);
        auto all = complete({code, head << 2, 5, head, sector, 2, 18, 0x1b, 0xff});
        return Bytes(all.begin(), all.end());
    };
    seek(5);
    EXPECT_EQ(read(0x46, 0, 17, 1), (Bytes{0x00, 0, 0, 5, 0, 18, 2}));
    EXPECT_EQ(read(0x46, 0, 17, 2), (Bytes{0x00, 0, 0, 6, 0, 1, 2}));
    EXPECT_EQ(read(0x46, 1, 18, 1), (Bytes{0x04, 0, 0, 6, 1, 1, 2}));
    EXPECT_EQ(read(0xc6, 0, 17, 1), (Bytes{0x00, 0, 0, 5, 0, 18, 2}));
    EXPECT_EQ(read(0xc6, 0, 17, 2), (Bytes{0x00, 0, 0, 5, 1, 1, 2}));
    EXPECT_EQ(read(0xc6, 0, 17, 3), (Bytes{0x04, 0, 0, 5, 1, 2, 2}));
    EXPECT_TRUE(holds(5 * 36 + 16, 3));
    EXPECT_EQ(read(0xc6, 1, 18, 1), (Bytes{0x04, 0, 0, 6, 0, 1, 2}));
}

TEST_F(FloppyTransfer, AWholeCylinderByMultiTrack)
{
    dma.set_up(36 * kSectorBytes);
    EXPECT_EQ(complete({0xc6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x04, 0, 0, 1, 0, 1, 2}));
    EXPECT_TRUE(holds(0, 36));
}

TEST_F(FloppyTransfer, WithoutTerminalCountTheCylinderEnds)
{
    dma.set_up(0x10000);
    EXPECT_EQ(complete({0x46, 0x00, 0, 0, 17, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));
    EXPECT_EQ(dma.position, 1024u);
    dma.set_up(0x10000);
    EXPECT_EQ(complete({0xc6, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff}), (Bytes{0x44, 0x80, 0, 1, 0, 1, 2}));
    EXPECT_EQ(dma.position, 19u * 512);
}

TEST_F(FloppyTransfer, PartsOfASector)
{
    dma.set_up(700);
    EXPECT_EQ(complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 0, 0, 3, 2}));
    fill_memory(1);
    dma.set_up(100);
    EXPECT_EQ(complete({0x45, 0x00, 0, 0, 9, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 0, 0, 10, 2}));
    EXPECT_EQ(medium->sector(8)[99], 100);
    EXPECT_EQ(medium->sector(8)[100], 0); // the rest is zero
    EXPECT_EQ(medium->sector(9)[0], 9);
    dma.set_up(612);
    EXPECT_EQ(complete({0x45, 0x00, 0, 0, 9, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 0, 0, 11, 2}));
    EXPECT_EQ(medium->sector(9)[99], 100);
    EXPECT_EQ(medium->sector(9)[100], 0); // and nothing of the sector before
}

TEST_F(FloppyTransfer, AChannelThatDoesNotMoveLosesData)
{
    dma.set_up(0);
    EXPECT_EQ(complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x10, 0, 0, 0, 1, 2}));
    EXPECT_EQ(complete({0x45, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x10, 0, 0, 0, 1, 2}));
    EXPECT_EQ(medium->sector(0)[2], 2);
    dma.set_up(512);
    out(Register::DigitalOutput, 0x14); // without DMA and interrupt
    EXPECT_EQ(complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x10, 0, 0, 0, 1, 2}));
    EXPECT_EQ(irq.count, 2u);
}

TEST_F(FloppyTransfer, Writes)
{
    fill_memory(7);
    dma.set_up(1024);
    seek(79);
    EXPECT_EQ(complete({0xc5, 0x04, 79, 1, 17, 2, 18, 0x1b, 0xff}), (Bytes{0x04, 0, 0, 80, 0, 1, 2}));
    EXPECT_TRUE(holds(2878, 2));
    EXPECT_EQ(medium->sector(2878)[0], 7);
    fill_memory(9);
    dma.set_up(512);
    EXPECT_EQ(complete({0x49, 0x00, 79, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 79, 0, 2, 2}));
    EXPECT_TRUE(holds(79 * 36, 1));
}

TEST_F(FloppyTransfer, DeletedDataIsNowhere)
{
    dma.set_up(1024);
    EXPECT_EQ(complete({0x4c, 0x00, 0, 0, 4, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0x40, 0, 0, 4, 2}));
    EXPECT_TRUE(holds(3, 1));
    EXPECT_EQ(dma.position, 512u);
    EXPECT_EQ(complete({0x6c, 0x00, 0, 0, 4, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x80, 0x40, 1, 0, 1, 2}));
    EXPECT_EQ(dma.position, 512u);
}

TEST_F(FloppyTransfer, ErrorsTakeTwoTurnsOfTheDisk)
{
    dma.set_up(512);
    command({0x46, 0x00, 0, 0, 19, 2, 20, 0x1b, 0xff});
    pass(kSectorTime);
    pass(kSearchTime - 1);
    EXPECT_FALSE(irq.level);
    pass(1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(result(), (Bytes{0x40, 0x04, 0, 0, 0, 19, 2}));
    const auto read = [this](unsigned code, unsigned c, unsigned h, unsigned r, unsigned n) {
        return complete({code, 0x00, c, h, r, n, 18, 0x1b, 0xff});
    };
    EXPECT_EQ(read(0x46, 0, 0, 0, 2), (Bytes{0x40, 0x04, 0, 0, 0, 0, 2}));
    EXPECT_EQ(read(0x46, 0, 1, 1, 2), (Bytes{0x40, 0x04, 0, 0, 1, 1, 2}));
    EXPECT_EQ(read(0x46, 0, 0, 1, 3), (Bytes{0x40, 0x04, 0, 0, 0, 1, 3}));
    EXPECT_EQ(read(0x46, 1, 0, 1, 2), (Bytes{0x40, 0x04, 0x10, 1, 0, 1, 2}));
    EXPECT_EQ(read(0x06, 0, 0, 1, 2), (Bytes{0x40, 0x01, 0, 0, 0, 1, 2})); // FM
    seek(80);
    EXPECT_EQ(read(0x46, 80, 0, 1, 2), (Bytes{0x40, 0x01, 0, 80, 0, 1, 2}));
    EXPECT_EQ(dma.position, 0u);
}

TEST_F(FloppyTransfer, TheWrongRateFindsNoAddressMark)
{
    for (const Rate wrong : {Rate::Kbps300, Rate::Kbps250, Rate::Mbps1}) {
        rate(wrong);
        EXPECT_EQ(complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x01, 0, 0, 0, 1, 2}));
        EXPECT_EQ(complete({0x4a, 0x00}), (Bytes{0x40, 0x01, 0, 0, 0, 0, 0}));
    }
    out(Register::MainStatusDataRate, 0x00); // DSR sets the rate as well
    EXPECT_EQ(complete({0x4a, 0x00})[1], 0u);
}

TEST_F(FloppyTransfer, NoDisk)
{
    ASSERT_TRUE(chip->drive(0)->change(nullptr, backend::LockedMedium::Stays));
    dma.set_up(512);
    EXPECT_EQ(complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x01, 0, 0, 0, 1, 2}));
    EXPECT_EQ(complete({0x45, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x01, 0, 0, 0, 1, 2}));
    EXPECT_EQ(complete({0x4a, 0x01}), (Bytes{0x41, 0x01, 0, 0, 0, 0, 0}));
}

TEST_F(FloppyTransfer, MediaThatFail)
{
    medium->failing = true;
    dma.set_up(512);
    EXPECT_EQ(complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x20, 0x20, 0, 0, 1, 2}));
    dma.set_up(512);
    EXPECT_EQ(complete({0x45, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x20, 0, 0, 0, 1, 2}));
}

TEST_F(FloppyTransfer, VerifyMovesNothing)
{
    dma.set_up(512);
    EXPECT_EQ(complete({0x56, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 1, 0, 1, 2}));
    EXPECT_EQ(complete({0xd6, 0x80, 0, 0, 18, 2, 18, 0x1b, 2}), (Bytes{0x04, 0, 0, 0, 1, 2, 2}));
    EXPECT_EQ(complete({0x56, 0x80, 0, 0, 18, 2, 18, 0x1b, 2}), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));
    EXPECT_EQ(complete({0x56, 0x00, 0, 0, 1, 2, 19, 0x1b, 0xff}), (Bytes{0x40, 0x04, 0, 0, 0, 19, 2}));
    medium->failing = true;
    EXPECT_EQ(complete({0x56, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x20, 0x20, 0, 0, 1, 2}));
    EXPECT_EQ(dma.position, 0u);
}

TEST_F(FloppyTransfer, ReadTrackBeginsAtTheIndexHole)
{
    dma.set_up(0x10000);
    EXPECT_EQ(complete({0x42, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 0, 0, 19, 2}));
    EXPECT_TRUE(holds(0, 18));
    dma.set_up(0x10000);
    EXPECT_EQ(complete({0x42, 0x04, 0, 1, 7, 2, 3, 0x1b, 0xff}), (Bytes{0x44, 0x04, 0, 0, 1, 10, 2}));
    EXPECT_TRUE(holds(18, 3));
    EXPECT_EQ(dma.position, 3u * 512);
}

TEST_F(FloppyTransfer, ReadIdSeesTheDiskTurn)
{
    seek(7);
    const Bytes first = complete({0x4a, 0x04});
    pass(kSectorTime);
    const Bytes second = complete({0x4a, 0x04});
    EXPECT_EQ(first.at(0), 0x04u);
    EXPECT_EQ(Bytes(first.begin() + 3, first.begin() + 5), (Bytes{7, 1}));
    EXPECT_EQ(first.at(6), 2u);
    EXPECT_NE(first.at(5), second.at(5));
    EXPECT_EQ(irq.count, 2u);
}

TEST_F(FloppyTransfer, FormatFillsTheSectorsThatTheDiskHas)
{
    std::vector<std::uint8_t> ids;
    for (unsigned sector = 1; sector <= 18; ++sector) {
        ids.insert(ids.end(), {3, 1, static_cast<std::uint8_t>(sector * 5 % 19), 2}); // interleaved
    }
    std::ranges::copy(ids, dma.memory.begin());
    dma.set_up(ids.size());
    seek(3);
    EXPECT_EQ(complete({0x4d, 0x04, 2, 18, 0x54, 0xf6}).at(0), 0x04u);
    EXPECT_TRUE(std::ranges::all_of(medium->sector(3 * 36 + 18), [](auto byte) { return byte == 0xf6; }));
    EXPECT_TRUE(std::ranges::all_of(medium->sector(3 * 36 + 35), [](auto byte) { return byte == 0xf6; }));
    EXPECT_EQ(medium->sector(3 * 36 + 17)[2], 2);
    EXPECT_EQ(medium->sector(4 * 36)[2], 2);
    EXPECT_EQ(complete({0x0e})[6], 18u);
    dma.memory[2] = 19; // which there is not
    dma.set_up(4);
    EXPECT_EQ(complete({0x4d, 0x04, 2, 1, 0x54, 0xf6}), (Bytes{0x04, 0, 0, 3, 1, 19, 2}));
    rate(Rate::Kbps250);
    dma.set_up(4);
    EXPECT_EQ(complete({0x4d, 0x04, 2, 1, 0x54, 0xf6}), (Bytes{0x44, 0x01, 0, 3, 1, 19, 2}));
}

TEST_F(FloppyTransfer, ImpliedSeek)
{
    complete({0x13, 0, 0x57, 0});
    dma.set_up(512);
    EXPECT_EQ(complete({0x46, 0x00, 40, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x20, 0, 0, 40, 0, 2, 2}));
    EXPECT_TRUE(holds(40 * 36, 1));
    EXPECT_EQ(complete({0x0e})[0], 40u);
    EXPECT_EQ(digital_input(), 0x7fu);
}

TEST_F(FloppyTransfer, PioReadsByteByByte)
{
    complete({0x03, 0xaf, 0x03});
    command({0x46, 0x00, 0, 0, 17, 2, 18, 0x1b, 0xff});
    EXPECT_EQ(main_status(), 0x30u);
    EXPECT_EQ(read_fifo(2000).size(), 1024u);
    EXPECT_EQ(irq.count, 1025u);
    EXPECT_EQ(result(), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));
    EXPECT_EQ(dma.position, 0u);
}

TEST_F(FloppyTransfer, PioInterruptsAtTheThreshold)
{
    complete({0x03, 0xaf, 0x03});
    complete({0x13, 0, 0x07, 0});
    command({0x46, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff});
    const auto data = read_fifo(512);
    EXPECT_TRUE(std::ranges::equal(data, medium->sector(17)));
    EXPECT_EQ(irq.count, 512u / 8 + 1);
    result();
}

TEST_F(FloppyTransfer, PioWrites)
{
    complete({0x03, 0xaf, 0x03});
    command({0x45, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff});
    pass(kSectorTime);
    EXPECT_EQ(main_status(), 0xb0u);
    EXPECT_TRUE(irq.level);
    for (unsigned i = 0; i < 512; ++i) {
        out(Register::Data, 0xee);
    }
    EXPECT_EQ(result(), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));
    EXPECT_EQ(medium->sector(17)[511], 0xee);
    command({0x4d, 0x00, 2, 1, 0x54, 0x11});
    pass(kSectorTime);
    for (const unsigned byte : {0u, 0u, 5u, 2u}) {
        out(Register::Data, byte);
    }
    EXPECT_EQ(result(), (Bytes{0x00, 0, 0, 0, 0, 5, 2}));
    EXPECT_EQ(medium->sector(4)[0], 0x11);
}

TEST_F(FloppyTransfer, AHostThatDoesNotComeLosesData)
{
    complete({0x03, 0xaf, 0x03});
    command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    EXPECT_EQ(read_fifo(512).size(), 512u);
    EXPECT_EQ(read_fifo(10).size(), 10u);
    pass(kServiceTime);
    EXPECT_EQ(result(), (Bytes{0x40, 0x10, 0, 0, 0, 2, 2}));
}

TEST_F(FloppyTransfer, AResetEndsACommand)
{
    dma.set_up(0x10000);
    command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    pass(2 * kSectorTime);
    out(Register::DigitalOutput, 0x18);
    run();
    EXPECT_EQ(irq.count, 0u);
    EXPECT_EQ(main_status(), 0x00u);
    out(Register::DigitalOutput, 0x1c);
    EXPECT_EQ(main_status(), 0x80u);
}

class SlowMedium : public FloppyTransfer {
protected:
    SlowMedium() : FloppyTransfer{std::make_shared<MemoryMedia>(k1440, MemoryMedia::Answer::Deferred)} {}
};

TEST_F(SlowMedium, AWriteIsFinishedBeforeItsInterrupt)
{
    fill_memory(0x21);
    dma.set_up(512);
    command({0x45, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    run();
    EXPECT_FALSE(irq.level);
    EXPECT_TRUE(chip->busy());
    EXPECT_EQ(main_status(), 0x10u);
    ASSERT_TRUE(medium->step());
    EXPECT_FALSE(chip->busy());
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(result(), (Bytes{0x00, 0, 0, 0, 0, 2, 2}));
    EXPECT_EQ(medium->sector(0)[0], 0x21);
}

TEST_F(SlowMedium, AMediumGoesDuringItsRequest)
{
    dma.set_up(1024);
    command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    run();
    ASSERT_TRUE(chip->busy());
    ASSERT_TRUE(chip->drive(0)->change(nullptr, backend::LockedMedium::Stays));
    ASSERT_TRUE(medium->step());
    run();
    EXPECT_EQ(result(), (Bytes{0x40, 0x01, 0, 0, 0, 2, 2}));
    EXPECT_TRUE(holds(0, 1));
}

TEST_F(SlowMedium, AResetForgetsTheRequest)
{
    dma.set_up(1024);
    command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    run();
    out(Register::MainStatusDataRate, 0x80);
    EXPECT_FALSE(chip->busy());
    ASSERT_TRUE(medium->step());
    EXPECT_EQ(main_status(), 0x80u);
    EXPECT_EQ(dma.position, 0u);
    command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    run();
    chip.reset();
    EXPECT_TRUE(medium->step()); // nobody listens
}

TEST_F(SlowMedium, AWriteProtectedDiskComesWhileTheHostIsSlow)
{
    complete({0x03, 0xaf, 0x03});
    command({0x45, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff});
    pass(kSectorTime);
    ASSERT_TRUE(chip->drive(0)->change(std::make_shared<MemoryMedia>(k1440, MemoryMedia::Answer::AtOnce, true),
                                       backend::LockedMedium::Stays));
    for (unsigned i = 0; i < 512; ++i) {
        out(Register::Data, 0xee);
    }
    EXPECT_EQ(result(), (Bytes{0x40, 0x02, 0, 0, 0, 18, 2}));
}

TEST(FloppyFormats, WriteProtect)
{
    Bench bench{std::make_shared<MemoryMedia>(k1440, MemoryMedia::Answer::AtOnce, true)};
    bench.begin();
    bench.dma.set_up(512);
    EXPECT_EQ(bench.complete({0x04, 0x00}), Bytes{0x78});
    EXPECT_EQ(bench.complete({0x45, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x02, 0, 0, 0, 1, 2}));
    EXPECT_EQ(bench.complete({0x4d, 0x00, 2, 18, 0x54, 0xf6}).at(1), 0x02u);
    EXPECT_EQ(bench.complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}).at(0), 0x00u);
    EXPECT_EQ(bench.in(Register::StatusA)&sra::kNotProtected, 0u);
}

TEST(FloppyFormats, EachIsReadAtItsRate)
{
    for (const std::size_t bytes : {k360, k720, k1200, k1440, k2880}) {
        Bench bench{std::make_shared<MemoryMedia>(bytes)};
        bench.begin();
        bench.dma.set_up(512);
        const unsigned last = (*format_of(bytes))->sectors;
        EXPECT_EQ(bench.complete({0x46, 0x04, 0, 1, last, 2, last, 0x1b, 0xff}), (Bytes{0x04, 0, 0, 1, 1, 1, 2}));
        EXPECT_EQ(bench.dma.memory[0], static_cast<std::uint8_t>(2 * last - 1));
    }
}

// Windows and Linux step twice for a cylinder of a 360 KB disk; firmware that steps once finds its sectors, too.
TEST(FloppyFormats, FortyCylindersInADriveOfEighty)
{
    Bench bench{std::make_shared<MemoryMedia>(k360)};
    bench.begin();
    const auto read = [&bench](unsigned position, unsigned cylinder) {
        bench.command({0x0f, 0x00, position});
        bench.run();
        bench.complete({0x08});
        bench.dma.set_up(512);
        const auto result = bench.complete({0x46, 0x00, cylinder, 0, 1, 2, 9, 0x1b, 0xff});
        return result.at(0) == 0 ? bench.dma.memory[0] + 256 * bench.dma.memory[1] : -1;
    };
    EXPECT_EQ(read(78, 39), 39 * 18);
    EXPECT_EQ(read(20, 10), 10 * 18);
    EXPECT_EQ(read(39, 39), 39 * 18);
    EXPECT_EQ(read(20, 20), 20 * 18);
    EXPECT_EQ(read(20, 11), -1);
    EXPECT_EQ(read(80, 40), -1);
    bench.command({0x0f, 0x00, 2});
    bench.run();
    bench.complete({0x08});
    EXPECT_EQ(bench.complete({0x4a, 0x00}).at(3), 1u);
}

TEST(FloppyFormats, OneSide)
{
    Bench bench{std::make_shared<MemoryMedia>(163'840)};
    bench.begin();
    bench.dma.set_up(512);
    EXPECT_EQ(bench.complete({0x46, 0x04, 0, 1, 1, 2, 8, 0x1b, 0xff}).at(1), 0x01u);
    EXPECT_EQ(bench.complete({0x46, 0x00, 0, 0, 8, 2, 8, 0x1b, 0xff}), (Bytes{0x00, 0, 0, 1, 0, 1, 2}));
}

TEST(FloppyFormats, WithoutADmaController)
{
    base::ManualClock clock;
    base::TimerQueue timers;
    Controller::Drives drives;
    drives[0] = std::make_unique<FloppyDrive>("fda", DriveKind::Inch3Mb144, std::make_shared<MemoryMedia>(k1440));
    Bench bench;
    bench.chip =
        std::make_unique<Controller>(bench.clock, bench.timers, bus::IrqLine{bench.irq, 6}, nullptr, std::move(drives));
    bench.begin();
    EXPECT_EQ(bench.complete({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}), (Bytes{0x40, 0x10, 0, 0, 0, 1, 2}));
    EXPECT_EQ(bench.in(Register::StatusA)&sra::kNoSecondDrive, sra::kNoSecondDrive);
}

// What is saved in the middle of a command goes on in another controller.
TEST_F(FloppyTransfer, GoesOnAfterLoading)
{
    dma.set_up(1536);
    command({0x46, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    pass(kSectorTime);
    const Controller::State state = chip->state();
    EXPECT_EQ(state.phase, Controller::Phase::Searching);
    Bench other;
    other.clock.set(clock.now());
    other.chip->load(state);
    other.dma.set_up(1024);
    other.run();
    EXPECT_TRUE(other.irq.level);
    EXPECT_EQ(other.result(), (Bytes{0x00, 0, 0, 0, 0, 4, 2}));
    EXPECT_EQ(other.irq.count, 1u);
}

TEST_F(FloppyTransfer, LoadsNoRequestThatNobodyAnswers)
{
    Controller::State state = chip->state();
    state.phase = Controller::Phase::Media;
    state.command = {0x45, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff};
    chip->load(state);
    EXPECT_EQ(main_status(), 0x80u);
    EXPECT_FALSE(chip->busy());
}

// Part of the fuzzer's claim, by name: a number that no drive has, in a phase that needs one.
TEST_F(FloppyTransfer, LoadsNoDriveThatIsNotThere)
{
    Controller::State state = chip->state();
    state.phase = Controller::Phase::Host;
    state.command = {0x45, 0x03, 0, 0, 1, 2, 18, 0x1b, 0xff};
    state.due = clock.now() + 1;
    state.transfer.position = 511;
    chip->load(state);
    out(Register::Data, 1);
    run();
    EXPECT_EQ(result().at(1), 0x01u);
}

} // namespace
} // namespace windsor::devices::floppy
