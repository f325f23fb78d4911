// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/ide_bench.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace windsor::devices::ide {
namespace {

constexpr std::uint8_t kReady = status::kDrdy | status::kDsc;
constexpr std::uint8_t kDataWaits = kReady | status::kDrq;
constexpr std::uint8_t kDone = reason::kCommand | reason::kToHost;
constexpr std::size_t kBlocks = 200;

class CdRomTest : public testing::Test {
protected:
    CdRomTest()
    {
        auto drive = std::make_unique<CdRom>(CdRom::Config{.name = "hda", .media = media});
        cd = drive.get();
        bench.controller.attach(0, std::move(drive));
        bench.out(Register::Device, 0xA0);
        send({0x03, 0, 0, 0, 18}); // takes the power-on attention
        receive();
        bench.interrupts();
    }

    // Starts a packet command with a byte count limit; `features` 1 is DMA.
    void send(std::initializer_list<unsigned> packet, unsigned limit = 0xFFFE, unsigned features = 0)
    {
        bench.out(Register::ErrorFeatures, features);
        bench.out(Register::LbaMid, limit & 0xFF);
        bench.out(Register::LbaHigh, limit >> 8);
        bench.command(Command::Packet);
        EXPECT_EQ(bench.in(Register::StatusCommand), kDataWaits);
        EXPECT_EQ(bench.in(Register::SectorCount), reason::kCommand);
        std::vector<std::uint8_t> bytes(packet.begin(), packet.end());
        bytes.resize(kPacketBytes);
        bench.write_data(bytes);
    }
    std::size_t byte_count() { return bench.in(Register::LbaMid) | std::size_t{bench.in(Register::LbaHigh)} << 8; }

    // Takes all blocks of a reply.
    std::vector<std::uint8_t> receive()
    {
        std::vector<std::uint8_t> result;
        chunks = 0;
        media->run();
        while ((bench.in(Register::StatusCommand) & status::kDrq) != 0) {
            EXPECT_EQ(bench.in(Register::SectorCount), reason::kToHost);
            const auto part = bench.read_data(byte_count());
            result.insert(result.end(), part.begin(), part.end());
            ++chunks;
            media->run();
        }
        return result;
    }
    Sense last_sense()
    {
        send({0x03, 0, 0, 0, 18});
        const auto data = receive();
        EXPECT_EQ(data.size(), 18U);
        return {static_cast<SenseKey>(data[2]), data[12], data[13]};
    }
    void expect_good()
    {
        EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
        EXPECT_EQ(bench.in(Register::SectorCount), kDone);
    }
    void expect_check(Sense sense)
    {
        EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr);
        EXPECT_EQ(bench.in(Register::ErrorFeatures) >> 4, static_cast<int>(sense.key));
        EXPECT_EQ(last_sense(), sense);
    }
    std::vector<std::uint8_t> blocks(std::size_t first, std::size_t count) const
    {
        const auto part = std::span{media->data}.subspan(first * kCdBlockBytes, count * kCdBlockBytes);
        return {part.begin(), part.end()};
    }

    std::shared_ptr<MemoryMedia> media =
        std::make_shared<MemoryMedia>(kBlocks * kCdBlockBytes, MemoryMedia::Answer::Deferred, true);
    Bench bench;
    CdRom* cd{nullptr};
    unsigned chunks{0};
};

TEST_F(CdRomTest, ShowsThePacketSignatureAfterReset)
{
    bench.control(control::kSrst);
    bench.control(0);
    EXPECT_EQ(bench.in(Register::LbaMid), 0x14);
    EXPECT_EQ(bench.in(Register::LbaHigh), 0xEB);
    EXPECT_EQ(bench.in(Register::StatusCommand), 0);
    bench.command(Command::IdentifyDevice);
    EXPECT_EQ(bench.in(Register::StatusCommand) & status::kErr, status::kErr);
    EXPECT_EQ(bench.in(Register::LbaMid), 0x14);
    bench.command(Command::IdentifyPacketDevice);
    const auto data = bench.read_data(512);
    EXPECT_EQ(data[0] | data[1] << 8, 0x85C0);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
}

TEST_F(CdRomTest, PowerOnIsAUnitAttentionOnce)
{
    bench.controller.reset();
    send({0x00});
    EXPECT_EQ(bench.in(Register::ErrorFeatures) >> 4, 6);
    EXPECT_EQ(last_sense(), sense::kPowerOn);
    send({0x00});
    expect_good();
    EXPECT_EQ(last_sense(), sense::kNone);
}

TEST_F(CdRomTest, InquiryIsCutToTheAllocationLength)
{
    send({0x12, 0, 0, 0, 36});
    const auto data = receive();
    expect_good();
    ASSERT_EQ(data.size(), 36U);
    EXPECT_EQ(data[0], 5);
    EXPECT_EQ(std::string(data.begin() + 8, data.begin() + 16), "Windsor ");
    send({0x12, 0, 0, 0, 5});
    EXPECT_EQ(receive().size(), 5U);
    send({0x12, 0, 0, 0, 0});
    EXPECT_TRUE(receive().empty());
    expect_good();
}

TEST_F(CdRomTest, ReadsInBlocksOfTheByteCountLimit)
{
    send({0x28, 0, 0, 0, 0, 10, 0, 0, 3}, 2048);
    EXPECT_EQ(bench.alternate_status() & status::kBsy, status::kBsy);
    EXPECT_EQ(receive(), blocks(10, 3));
    EXPECT_EQ(chunks, 3U);
    EXPECT_EQ(bench.interrupts(), 4U); // one a block and one at the end
    expect_good();
    send({0x28, 0, 0, 0, 0, 10, 0, 0, 3}, 3001); // odd limits are rounded down
    EXPECT_EQ(receive(), blocks(10, 3));
    EXPECT_EQ(chunks, 3U);
}

TEST_F(CdRomTest, LongReadsGoInPieces)
{
    send({0xA8, 0, 0, 0, 0, 1, 0, 0, 0, 150}, 0xFFFF);
    EXPECT_EQ(receive(), blocks(1, 150));
    EXPECT_EQ(media->reads, 3U);
    expect_good();
}

TEST_F(CdRomTest, ReadsByDma)
{
    const std::array<Bench::Region, 2> regions{{{0x10000, 2048}, {0x20000, 4096}}};
    bench.descriptors(regions);
    send({0x28, 0, 0, 0, 0, 20, 0, 0, 2}, 0, kPacketDma);
    bench.start(DmaDirection::ToMemory);
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.dma_status() & 7, bus_master::kStatusInterrupt | bus_master::kStatusActive);
    expect_good();
    const auto expected = blocks(20, 2);
    EXPECT_TRUE(std::ranges::equal(bench.bytes().subspan(0x10000, 2048), std::span{expected}.first(2048)));
    EXPECT_TRUE(std::ranges::equal(bench.bytes().subspan(0x20000, 2048), std::span{expected}.last(2048)));
}

TEST_F(CdRomTest, ReadsBeyondTheEndAreRefused)
{
    send({0x28, 0, 0, 0, 0, kBlocks - 1, 0, 0, 2});
    expect_check(sense::kOutOfRange);
    send({0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 1});
    expect_check(sense::kOutOfRange);
    send({0x28, 0, 0, 0, 0, 1, 0, 0, 0}); // no block at all is fine
    expect_good();
}

TEST_F(CdRomTest, UnreadableBlocksAreMediumErrors)
{
    unsigned faults = 0;
    cd->on_fault([&](const MediaFault&) { ++faults; });
    media->failing = true;
    send({0x28, 0, 0, 0, 0, 1, 0, 0, 1});
    media->run();
    expect_check(sense::kUnrecoveredRead);
    EXPECT_EQ(faults, 1U);
}

TEST_F(CdRomTest, CapacityNamesTheLastBlock)
{
    send({0x25});
    EXPECT_EQ(receive(), (std::vector<std::uint8_t>{0, 0, 0, kBlocks - 1, 0, 0, 8, 0}));
}

TEST_F(CdRomTest, TocHasOneTrackAndALeadOut)
{
    send({0x43, 0, 0, 0, 0, 0, 0, 0, 100});
    EXPECT_EQ(receive(), (std::vector<std::uint8_t>{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0, 0, 0, 0,
                                                    kBlocks}));
    send({0x43, 2, 0, 0, 0, 0, 0xAA, 0, 100});
    EXPECT_EQ(receive(), (std::vector<std::uint8_t>{0, 10, 1, 1, 0, 0x14, 0xAA, 0, 0, 0, 4, 50}));
    send({0x43, 0, 1, 0, 0, 0, 0, 0, 12});
    EXPECT_EQ(receive(), (std::vector<std::uint8_t>{0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0}));
    send({0x43, 0, 2, 0, 0, 0, 1, 0, 100});
    EXPECT_EQ(receive().size(), 4U + 4 * 11);
    send({0x43, 0, 0, 0, 0, 0, 2, 0, 100});
    expect_check(sense::kInvalidField);
    send({0x43, 0, 5, 0, 0, 0, 0, 0, 100});
    expect_check(sense::kInvalidField);
}

TEST_F(CdRomTest, ModePages)
{
    send({0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 100});
    auto data = receive();
    ASSERT_EQ(data.size(), 8U + 22);
    EXPECT_EQ(data[1], data.size() - 2);
    EXPECT_EQ(data[8], 0x2A);
    send({0x1A, 0, 0x3F, 0, 255});
    data = receive();
    EXPECT_EQ(data[0], data.size() - 1);
    EXPECT_EQ(data.size(), 4U + 12 + 8 + 16 + 22);
    send({0x5A, 0, 0x05, 0, 0, 0, 0, 0, 100});
    expect_check(sense::kInvalidField);
    send({0x5A, 0, 0xC1, 0, 0, 0, 0, 0, 100});
    expect_check(sense::kSavingNotSupported);
}

TEST_F(CdRomTest, ModeSelectChangesErrorRecovery)
{
    send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 20}, 12);
    const std::vector<std::uint8_t> list{0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x0A, 0x20, 9, 0, 0, 0, 0, 0, 0, 0, 0};
    EXPECT_EQ(bench.in(Register::StatusCommand), kDataWaits);
    EXPECT_EQ(bench.in(Register::SectorCount), 0);
    EXPECT_EQ(byte_count(), 12U);
    bench.write_data(std::span{list}.first(12));
    EXPECT_EQ(byte_count(), 8U);
    bench.write_data(std::span{list}.last(8));
    expect_good();
    send({0x5A, 0, 0x01, 0, 0, 0, 0, 0, 100});
    const auto data = receive();
    EXPECT_EQ(data[10], 0x20);
    EXPECT_EQ(data[11], 9);
    send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 10});
    bench.write_data(std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0x2A, 0x14});
    expect_check(sense::kInvalidParameter);
}

TEST_F(CdRomTest, EjectingAndInsertingIsNoticed)
{
    ASSERT_TRUE(cd->eject().has_value());
    send({0x00});
    expect_check(sense::kNoMedium);
    auto other = std::make_shared<MemoryMedia>(10 * kCdBlockBytes);
    ASSERT_TRUE(cd->insert(other).has_value());
    send({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8});
    EXPECT_EQ(receive(), (std::vector<std::uint8_t>{0, 6, 4, 0x10, 2, 2, 0, 0}));
    send({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8});
    EXPECT_EQ(receive()[4], 0);
    send({0x25});
    expect_check(sense::kMediumChanged);
    send({0x25});
    EXPECT_EQ(receive()[3], 9);
}

TEST_F(CdRomTest, ALockedTrayHoldsTheDisc)
{
    send({0x1E, 0, 0, 0, 1});
    expect_good();
    EXPECT_FALSE(cd->eject().has_value());
    EXPECT_NE(cd->insert(media).error().message().find("hda"), std::string::npos);
    send({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8});
    EXPECT_EQ(receive()[4], 1); // eject request
    send({0x1B, 0, 0, 0, 2});
    expect_check(sense::kRemovalPrevented);
    send({0x1E, 0, 0, 0, 0});
    std::vector<bool> trays;
    cd->on_tray([&](bool open) { trays.push_back(open); });
    send({0x1B, 0, 0, 0, 2});
    expect_good();
    EXPECT_FALSE(cd->has_medium());
    send({0x00});
    expect_check(sense::kNoMediumTrayOpen);
    send({0x1B, 0, 0, 0, 3});
    send({0x00});
    expect_check(sense::kMediumChanged);
    EXPECT_EQ(trays, (std::vector<bool>{true, false}));
    send({0x1E, 0, 0, 0, 1});
    EXPECT_TRUE(cd->eject(TrayForce::Force).has_value());
    EXPECT_FALSE(cd->has_medium());
}

TEST_F(CdRomTest, ConfigurationTellsTheProfile)
{
    send({0x46, 0, 0, 0, 0, 0, 0, 1, 0});
    auto data = receive();
    EXPECT_EQ(data[6] << 8 | data[7], 0x0008);
    EXPECT_EQ(data[3], data.size() - 4);
    send({0x46, 2, 0, 3, 0, 0, 0, 1, 0});
    data = receive();
    EXPECT_EQ(data.size(), 8U + 8);
    EXPECT_EQ(data[9], 3);
    ASSERT_TRUE(cd->eject().has_value());
    send({0x46, 0, 0, 0, 0, 0, 0, 0, 8});
    EXPECT_EQ(receive()[7], 0);
}

TEST_F(CdRomTest, RawSectorsCarryCorrectCodes)
{
    send({0xBE, 0, 0, 0, 0, 16, 0, 0, 2, 0xF8});
    const auto data = receive();
    ASSERT_EQ(data.size(), 2 * kCdRawBytes);
    const auto sector = std::span{data}.last(kCdRawBytes);
    EXPECT_EQ(sector[0], 0x00);
    EXPECT_EQ(sector[10], 0xFF);
    EXPECT_EQ(sector[12], 0x00);
    EXPECT_EQ(sector[13], 0x02);
    EXPECT_EQ(sector[14], 0x17); // block 17 is frame 17, in BCD
    EXPECT_TRUE(std::ranges::equal(sector.subspan(16, 2048), blocks(17, 1)));
    // The plain and the weighted sum over each P code word vanish (ECMA-130 annex A).
    for (std::size_t column = 0; column < 86; ++column) {
        unsigned sum = 0;
        unsigned weighted = 0;
        for (std::size_t row = 0; row < 26; ++row) {
            const unsigned value = sector[12 + row * 86 + column];
            sum ^= value;
            weighted = (weighted << 1 ^ ((weighted & 0x80) != 0 ? 0x11DU : 0U)) ^ value;
        }
        EXPECT_EQ(sum, 0U) << column;
        EXPECT_EQ(weighted, 0U) << column;
    }
    send({0xBE, 0, 0, 0, 0, 16, 0, 0, 1, 0x10});
    EXPECT_EQ(receive(), blocks(16, 1));
    send({0xB9, 0, 0, 0, 2, 16, 0, 2, 18, 0x10});
    EXPECT_EQ(receive(), blocks(16, 2));
    send({0xBE, 0x04, 0, 0, 0, 16, 0, 0, 1, 0x10}); // audio sectors
    expect_check(sense::kIllegalTrackMode);
}

TEST_F(CdRomTest, SmallQueriesAnswer)
{
    send({0x51, 0, 0, 0, 0, 0, 0, 0, 34});
    EXPECT_EQ(receive().size(), 34U);
    send({0x42, 2, 0x40, 1, 0, 0, 0, 0, 16});
    EXPECT_EQ(receive().size(), 16U);
    send({0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8});
    EXPECT_EQ(receive().size(), 8U);
    send({0xBB, 0, 0xFF, 0xFF});
    expect_good();
    send({0x2B, 0, 0, 0, 0, 5});
    expect_good();
    send({0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16}); // REPORT LUNS
    expect_check(sense::kInvalidCommand);
    send({0xFF});
    expect_check(sense::kInvalidCommand);
}

TEST_F(CdRomTest, DeviceResetEndsACommandUnderWay)
{
    send({0x28, 0, 0, 0, 0, 10, 0, 0, 3});
    bench.command(Command::DeviceReset);
    EXPECT_EQ(bench.in(Register::StatusCommand), 0);
    EXPECT_EQ(bench.in(Register::LbaHigh), 0xEB);
    bench.interrupts();
    media->run();
    EXPECT_EQ(bench.interrupts(), 0U);
    send({0x00});
    expect_good();
}

TEST_F(CdRomTest, ADiscTakenOutDuringAReadEndsIt)
{
    send({0xA8, 0, 0, 0, 0, 0, 0, 0, 0, 150});
    ASSERT_TRUE(cd->eject().has_value());
    receive();
    EXPECT_EQ(bench.in(Register::StatusCommand) & status::kErr, status::kErr);
    EXPECT_EQ(last_sense(), sense::kNoMedium);
}

TEST(EmptyDrive, SaysSo)
{
    Bench bench;
    bench.controller.attach(0, std::make_unique<CdRom>(CdRom::Config{.name = "hdc"}));
    for (int i = 0; i < 2; ++i) { // first the power-on attention, then the truth
        bench.command(Command::Packet);
        bench.write_data(std::vector<std::uint8_t>(kPacketBytes));
    }
    EXPECT_EQ(bench.in(Register::ErrorFeatures) >> 4, static_cast<int>(SenseKey::NotReady));
}

} // namespace
} // namespace windsor::devices::ide
