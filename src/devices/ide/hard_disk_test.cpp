// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/ide_bench.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace windsor::devices::ide {
namespace {

constexpr std::uint8_t kReady = status::kDrdy | status::kDsc;
constexpr std::uint8_t kDataWaits = kReady | status::kDrq;
constexpr std::size_t kDiskSectors = 2048;

class HardDiskTest : public testing::TestWithParam<MemoryMedia::Answer> {
protected:
    HardDiskTest()
    {
        auto drive = std::make_unique<HardDisk>(HardDisk::Config{.name = "hda", .serial = "S1", .media = media});
        drive->on_fault([this](const MediaFault& fault) { faults.push_back(fault); });
        disk = drive.get();
        bench.controller.attach(0, std::move(drive));
    }

    std::span<const std::uint8_t> sectors(std::size_t first, std::size_t count) const
    {
        return std::span{media->data}.subspan(first * 512, count * 512);
    }
    static std::vector<std::uint8_t> copy(std::span<const std::uint8_t> from) { return {from.begin(), from.end()}; }

    std::vector<std::uint8_t> identify()
    {
        bench.out(Register::Device, 0xA0);
        bench.command(Command::IdentifyDevice);
        return bench.read_data(512);
    }
    static unsigned word(const std::vector<std::uint8_t>& data, std::size_t index)
    {
        return data[2 * index] | unsigned{data[2 * index + 1]} << 8;
    }

    std::shared_ptr<MemoryMedia> media = std::make_shared<MemoryMedia>(kDiskSectors * 512, GetParam());
    Bench bench;
    HardDisk* disk{nullptr};
    std::vector<MediaFault> faults;
};

INSTANTIATE_TEST_SUITE_P(Media, HardDiskTest,
                         testing::Values(MemoryMedia::Answer::AtOnce, MemoryMedia::Answer::Deferred),
                         [](const auto& answer) {
                             return answer.param == MemoryMedia::Answer::AtOnce ? "at_once" : "deferred";
                         });

TEST_P(HardDiskTest, IdentifyDescribesTheDisk)
{
    const auto data = identify();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(word(data, 0), 0x0040U);
    EXPECT_EQ(word(data, 1), kDiskSectors / (16 * 63));
    EXPECT_EQ(data[2 * 10], '1'); // the second character comes first
    EXPECT_EQ(data[2 * 10 + 1], 'S');
    EXPECT_EQ(word(data, 60), kDiskSectors);
    EXPECT_EQ(word(data, 100), kDiskSectors);
    EXPECT_EQ(word(data, 83) & 0xC400, 0x4400U);
    EXPECT_EQ(std::accumulate(data.begin(), data.end(), 0U) & 0xFF, 0U);
    EXPECT_EQ(data[510], 0xA5);
}

TEST_P(HardDiskTest, ReadSectorsGivesOneInterruptASector)
{
    bench.address(5, 3);
    bench.command(Command::ReadSectors);
    if (GetParam() == MemoryMedia::Answer::Deferred) {
        EXPECT_EQ(bench.alternate_status() & status::kBsy, status::kBsy);
        EXPECT_EQ(bench.interrupts(), 0U);
        media->run();
    }
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(bench.interrupts(), 1U);
        EXPECT_EQ(bench.in(Register::StatusCommand), kDataWaits);
        EXPECT_FALSE(bench.sink.levels[14]);
        EXPECT_EQ(bench.read_data(512), copy(sectors(5 + i, 1)));
    }
    EXPECT_EQ(bench.interrupts(), 0U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
}

// What a string instruction does is what as many single accesses do, whatever ends within it.
TEST_P(HardDiskTest, ARunThroughTheDataPortIsAsManyAccesses)
{
    bus::AccessHandler& port = bench.controller.channel(0).command_ports();
    bench.address(5, 2);
    bench.command(Command::ReadSectors);
    media->run();
    std::vector<std::uint8_t> data(512 + 100);
    ASSERT_TRUE(port.read_run(0, bus::Width::Word, data));
    EXPECT_EQ(data, copy(sectors(5, 2).first(612)));
    EXPECT_EQ(bench.in(Register::StatusCommand), kDataWaits);
    data.assign(416, 0);
    ASSERT_TRUE(port.read_run(0, bus::Width::Dword, data));
    auto expected = copy(sectors(6, 1).subspan(100));
    expected.insert(expected.end(), 4, 0xff);
    EXPECT_EQ(data, expected) << "behind the last block the port has nothing";
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);

    bench.address(9, 2);
    bench.command(Command::WriteSectors);
    std::vector<std::uint8_t> written(1024);
    std::iota(written.begin(), written.end(), std::uint8_t{1});
    ASSERT_TRUE(port.write_run(0, bus::Width::Word, std::span{written}.first(512)));
    media->run();
    ASSERT_TRUE(port.write_run(0, bus::Width::Word, std::span{written}.subspan(512)));
    media->run();
    EXPECT_EQ(copy(sectors(9, 2)), written);
    EXPECT_FALSE(port.read_run(7, bus::Width::Byte, data)) << "no data port";
}

TEST_P(HardDiskTest, ReadMultipleGivesOneInterruptABlock)
{
    bench.out(Register::SectorCount, 4);
    bench.command(Command::SetMultipleMode);
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    bench.address48(10, 6);
    bench.command(Command::ReadMultipleExt);
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    bench.in(Register::StatusCommand);
    EXPECT_EQ(bench.read_data(4 * 512), copy(sectors(10, 4)));
    EXPECT_EQ(bench.interrupts(), 1U);
    bench.in(Register::StatusCommand);
    EXPECT_EQ(bench.read_data(2 * 512), copy(sectors(14, 2)));
    EXPECT_EQ(bench.interrupts(), 0U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
}

TEST_P(HardDiskTest, ReadMultipleWithoutASettingIsAborted)
{
    bench.address(0, 1);
    bench.command(Command::ReadMultiple);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kAbrt);
}

TEST_P(HardDiskTest, WriteSectorsAsksForTheFirstBlockWithoutAnInterrupt)
{
    std::vector<std::uint8_t> data(2 * 512);
    std::iota(data.begin(), data.end(), std::uint8_t{3});
    bench.address(7, 2);
    bench.command(Command::WriteSectors);
    EXPECT_EQ(bench.alternate_status(), kDataWaits);
    EXPECT_EQ(bench.interrupts(), 0U);
    bench.write_data(std::span{data}.first(512));
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kDataWaits);
    bench.write_data(std::span{data}.last(512));
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(copy(sectors(7, 2)), data);
    EXPECT_EQ(media->flushes, 0U);
}

TEST_P(HardDiskTest, WithoutWriteCacheAWriteEndsWithAFlush)
{
    bench.out(Register::ErrorFeatures, 0x82);
    bench.command(Command::SetFeatures);
    media->run();
    EXPECT_EQ(media->flushes, 1U);
    EXPECT_EQ(word(identify(), 85) & 0x20, 0U);
    bench.address(7, 1);
    bench.command(Command::WriteSectors);
    bench.write_data(std::vector<std::uint8_t>(512));
    media->run();
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(media->flushes, 2U);
}

TEST_P(HardDiskTest, CylinderHeadSectorAddressesTranslate)
{
    bench.out(Register::SectorCount, 1);
    bench.out(Register::LbaLow, 63); // the last sector of a track
    bench.out(Register::LbaMid, 1);
    bench.out(Register::LbaHigh, 0);
    bench.out(Register::Device, 0xA0 | 15);
    bench.command(Command::ReadSectors);
    media->run();
    EXPECT_EQ(bench.read_data(512), copy(sectors((1 * 16 + 15) * 63 + 62, 1)));

    bench.out(Register::SectorCount, 32);
    bench.out(Register::Device, 0xA0 | 7);
    bench.command(Command::InitializeDeviceParameters);
    bench.out(Register::SectorCount, 1);
    bench.out(Register::LbaLow, 1);
    bench.out(Register::LbaMid, 2);
    bench.out(Register::Device, 0xA0 | 3);
    bench.command(Command::ReadSectors);
    media->run();
    EXPECT_EQ(bench.read_data(512), copy(sectors((2 * 8 + 3) * 32, 1)));
    EXPECT_EQ(word(identify(), 56), 32U);

    bench.out(Register::LbaLow, 33); // beyond the new track
    bench.command(Command::ReadSectors);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kIdnf);
}

TEST_P(HardDiskTest, AddressesBeyondTheEndAreNotFound)
{
    bench.address(kDiskSectors - 1, 2);
    bench.command(Command::ReadSectors);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kIdnf);
    bench.address48(std::uint64_t{1} << 40, 1);
    bench.command(Command::ReadSectorsExt);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kIdnf);
    EXPECT_EQ(media->reads, 0U);
}

TEST_P(HardDiskTest, HighOrderBytesReadBackThroughHob)
{
    bench.address48(0x123456789ABC, 0x0102);
    EXPECT_EQ(bench.in(Register::LbaLow), 0xBC);
    bench.control(control::kHob);
    EXPECT_EQ(bench.in(Register::LbaLow), 0x56);
    EXPECT_EQ(bench.in(Register::LbaHigh), 0x12);
    EXPECT_EQ(bench.in(Register::SectorCount), 0x01);
    bench.out(Register::LbaLow, 1); // a write takes the bit away
    EXPECT_EQ(bench.in(Register::LbaHigh), 0x78);
}

TEST_P(HardDiskTest, ReadDmaScattersOverTheDescriptors)
{
    const std::array<Bench::Region, 3> regions{{{0x8000, 512}, {0x9000, 1000}, {0xA000, 24}}};
    bench.descriptors(regions);
    bench.address48(20, 3);
    bench.command(Command::ReadDmaExt);
    media->run();
    EXPECT_EQ(bench.interrupts(), 0U);
    bench.start(DmaDirection::ToMemory);
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.dma_status() & 7, bus_master::kStatusInterrupt);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    const auto memory = bench.bytes();
    const auto expected = sectors(20, 3);
    EXPECT_TRUE(std::ranges::equal(memory.subspan(0x8000, 512), expected.first(512)));
    EXPECT_TRUE(std::ranges::equal(memory.subspan(0x9000, 1000), expected.subspan(512, 1000)));
    EXPECT_TRUE(std::ranges::equal(memory.subspan(0xA000, 24), expected.subspan(1512, 24)));
    bench.controller.bus_master_ports().write(2, bus::Width::Byte, bus_master::kStatusInterrupt);
    EXPECT_EQ(bench.dma_status() & 7, 0);
}

TEST_P(HardDiskTest, LongDmaGoesInPieces)
{
    std::vector<Bench::Region> regions;
    for (std::uint32_t i = 0; i < 12; ++i) {
        regions.push_back({0x10000 + i * 0x10000, 0}); // 64 KiB each
    }
    bench.descriptors(regions);
    bench.address48(0, 1200);
    bench.start(DmaDirection::ToMemory);
    bench.command(Command::ReadDmaExt);
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_GT(media->reads, 1U);
    // The descriptors have room left: still active, and an interrupt.
    EXPECT_EQ(bench.dma_status() & 7, bus_master::kStatusInterrupt | bus_master::kStatusActive);
    EXPECT_TRUE(std::ranges::equal(bench.bytes().subspan(0x10000, 1200 * 512), sectors(0, 1200)));
}

TEST_P(HardDiskTest, WriteDmaGathers)
{
    const std::array<Bench::Region, 2> regions{{{0x8000, 1022}, {0xB000, 2}}};
    bench.descriptors(regions);
    std::fill_n(bench.bytes().begin() + 0x8000, 1022, std::uint8_t{0x11});
    std::fill_n(bench.bytes().begin() + 0xB000, 2, std::uint8_t{0x22});
    bench.address(100, 2);
    bench.command(Command::WriteDma);
    bench.start(DmaDirection::FromMemory);
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(media->data[100 * 512], 0x11);
    EXPECT_EQ(media->data[102 * 512 - 3], 0x11);
    EXPECT_EQ(media->data[102 * 512 - 2], 0x22);
}

TEST_P(HardDiskTest, DescriptorsThatAreTooShortStopWithoutAnInterrupt)
{
    const std::array<Bench::Region, 1> regions{{{0x8000, 512}}};
    bench.descriptors(regions);
    bench.address(0, 2);
    bench.command(Command::ReadDma);
    bench.start(DmaDirection::ToMemory);
    media->run();
    EXPECT_EQ(bench.interrupts(), 0U);
    EXPECT_EQ(bench.dma_status() & 7, 0);
    bench.control(control::kSrst);
    bench.control(0);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
}

TEST_P(HardDiskTest, DescriptorsOutsideMemoryAreABusError)
{
    const std::array<Bench::Region, 1> regions{{{0xF0000000, 512}}};
    bench.descriptors(regions);
    bench.address(0, 1);
    bench.command(Command::ReadDma);
    bench.start(DmaDirection::ToMemory);
    media->run();
    EXPECT_EQ(bench.dma_status() & 7, bus_master::kStatusError);
}

TEST_P(HardDiskTest, WithoutBusMasteringNothingMoves)
{
    bench.controller.config_write(4, 2, pci::kCommandIo);
    const std::array<Bench::Region, 1> regions{{{0x8000, 512}}};
    bench.descriptors(regions);
    bench.address(1, 1);
    bench.command(Command::ReadDma);
    bench.start(DmaDirection::ToMemory);
    media->run();
    EXPECT_EQ(bench.interrupts(), 0U);
    EXPECT_EQ(bench.bytes()[0x8000], 0);
}

TEST_P(HardDiskTest, UnreadableSectorsAreUncorrectableAndReported)
{
    media->failing = true;
    bench.address(9, 1);
    bench.command(Command::ReadSectors);
    media->run();
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kUnc);
    EXPECT_EQ(bench.in(Register::LbaLow), 9);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].drive, "hda");
    EXPECT_FALSE(faults[0].writing);
    EXPECT_EQ(faults[0].offset, 9U * 512);
}

TEST_P(HardDiskTest, FailedWritesAreDeviceFaults)
{
    media->failing = true;
    bench.address(9, 1);
    bench.command(Command::WriteSectors);
    bench.write_data(std::vector<std::uint8_t>(512));
    media->run();
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr | status::kDf);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kAbrt);
    bench.command(Command::FlushCache);
    media->run();
    EXPECT_EQ(bench.in(Register::StatusCommand) & status::kErr, status::kErr);
    ASSERT_EQ(faults.size(), 2U);
    EXPECT_TRUE(faults[0].writing);
    media->failing = false;
    bench.command(Command::FlushCacheExt);
    media->run();
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
}

TEST_P(HardDiskTest, ResetDuringATransferForgetsIt)
{
    bench.address(9, 1);
    bench.command(Command::ReadSectors);
    bench.control(control::kSrst);
    EXPECT_EQ(bench.alternate_status(), status::kBsy);
    bench.control(0);
    bench.interrupts();
    media->run(); // an answer that comes too late
    EXPECT_EQ(bench.interrupts(), 0U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(bench.in(Register::SectorCount), 1);
    EXPECT_EQ(bench.in(Register::LbaLow), 1);
    EXPECT_EQ(bench.in(Register::LbaMid), 0);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kDiagnosticPassed);
    EXPECT_EQ(disk->media_busy(), false);
}

TEST_P(HardDiskTest, NienHoldsTheInterruptBack)
{
    bench.control(control::kNien);
    bench.command(Command::Recalibrate);
    EXPECT_FALSE(bench.sink.levels[14]);
    bench.control(0);
    EXPECT_TRUE(bench.sink.levels[14]);
    bench.alternate_status();
    EXPECT_TRUE(bench.sink.levels[14]);
    bench.in(Register::StatusCommand);
    EXPECT_FALSE(bench.sink.levels[14]);
}

TEST_P(HardDiskTest, AnAbsentSlaveReadsAsZero)
{
    bench.out(Register::Device, 0xB0);
    EXPECT_EQ(bench.in(Register::StatusCommand), 0);
    EXPECT_EQ(bench.in(Register::SectorCount), 0);
    bench.command(Command::IdentifyDevice);
    EXPECT_EQ(bench.in(Register::StatusCommand), 0);
    EXPECT_EQ(bench.interrupts(), 0U);
    bench.out(Register::Device, 0xA0);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(bench.in(Register::StatusCommand, 1), 0); // an empty channel
}

TEST_P(HardDiskTest, DiagnosticGoesToDeviceZeroAndShowsTheSignature)
{
    bench.out(Register::Device, 0xB0);
    bench.command(Command::ExecuteDeviceDiagnostic);
    EXPECT_EQ(bench.interrupts(), 1U);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kDiagnosticPassed);
    EXPECT_EQ(bench.in(Register::SectorCount), 1);
    EXPECT_EQ(bench.in(Register::Device) & device_bits::kDev, 0);
}

TEST_P(HardDiskTest, TransferModesShowInIdentify)
{
    bench.out(Register::ErrorFeatures, 0x03);
    bench.out(Register::SectorCount, 0x45);
    bench.command(Command::SetFeatures);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(word(identify(), 88), 0x203FU);
    EXPECT_EQ(word(identify(), 63), 0x0007U);
    bench.out(Register::SectorCount, 0x22);
    bench.command(Command::SetFeatures);
    EXPECT_EQ(word(identify(), 88), 0x003FU);
    EXPECT_EQ(word(identify(), 63), 0x0407U);
    bench.out(Register::SectorCount, 0x46);
    bench.command(Command::SetFeatures);
    EXPECT_EQ(bench.in(Register::StatusCommand) & status::kErr, status::kErr);
}

TEST_P(HardDiskTest, NativeMaxIsTheLastSector)
{
    bench.out(Register::Device, 0xE0);
    bench.command(Command::ReadNativeMaxExt);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(bench.in(Register::LbaLow) | bench.in(Register::LbaMid) << 8, kDiskSectors - 1);
}

TEST_P(HardDiskTest, PowerModes)
{
    bench.command(Command::CheckPowerMode);
    EXPECT_EQ(bench.in(Register::SectorCount), 0xFF);
    bench.command(Command::StandbyImmediate);
    bench.command(Command::CheckPowerMode);
    EXPECT_EQ(bench.in(Register::SectorCount), 0x00);
    bench.command(Command::Sleep);
    bench.interrupts();
    bench.command(Command::IdentifyDevice); // asleep: only a reset helps
    EXPECT_EQ(bench.interrupts(), 0U);
    bench.control(control::kSrst);
    bench.control(0);
    EXPECT_EQ(word(identify(), 0), 0x0040U);
}

TEST_P(HardDiskTest, SmartNeedsItsKey)
{
    bench.out(Register::ErrorFeatures, 0xDA);
    bench.out(Register::LbaMid, 0x4F);
    bench.out(Register::LbaHigh, 0xC2);
    bench.command(Command::Smart);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady);
    EXPECT_EQ(bench.in(Register::LbaMid), 0x4F);
    bench.out(Register::ErrorFeatures, 0xD0);
    bench.command(Command::Smart);
    const auto data = bench.read_data(512);
    EXPECT_EQ(std::accumulate(data.begin(), data.end(), 0U) & 0xFF, 0U);
    bench.out(Register::LbaMid, 0);
    bench.command(Command::Smart);
    EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kAbrt);
}

TEST_P(HardDiskTest, SecurityPacketAndUnknownCommandsAreAborted)
{
    for (const unsigned code : {0x00U, 0x08U, 0xA0U, 0xA1U, 0xF1U, 0xF6U, 0xFFU}) {
        bench.out(Register::StatusCommand, code);
        EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr) << code;
        EXPECT_EQ(bench.in(Register::ErrorFeatures), error::kAbrt) << code;
    }
}

TEST_P(HardDiskTest, CommandsWhileBusyAreIgnored)
{
    bench.address(9, 1);
    bench.command(Command::ReadSectors);
    bench.command(Command::DeviceReset); // not a hard disk's command
    bench.command(Command::Recalibrate);
    bench.out(Register::LbaLow, 77);
    media->run();
    EXPECT_EQ(bench.in(Register::StatusCommand), kDataWaits);
    EXPECT_EQ(bench.read_data(512), copy(sectors(9, 1)));
}

TEST_P(HardDiskTest, StateMovesToAnotherDriveInTheMiddleOfABlock)
{
    bench.address(3, 2);
    bench.command(Command::ReadSectors);
    media->run();
    const auto first = bench.read_data(100);
    Bench other;
    auto drive = std::make_unique<HardDisk>(HardDisk::Config{.name = "hda", .media = media});
    drive->load(disk->state());
    other.controller.attach(0, std::move(drive));
    other.controller.channel(0).load(bench.controller.channel(0).state(),
                                     bench.controller.channel(0).bus_master_state());
    EXPECT_EQ(other.interrupts(), 0U);
    auto rest = other.read_data(412);
    rest.insert(rest.begin(), first.begin(), first.end());
    EXPECT_EQ(rest, copy(sectors(3, 1)));
    EXPECT_EQ(other.read_data(512), copy(sectors(4, 1)));
}

TEST(ReadOnlyDisk, RefusesWrites)
{
    Bench bench;
    auto media = std::make_shared<MemoryMedia>(512 * 8, MemoryMedia::Answer::AtOnce, true);
    bench.controller.attach(0, std::make_unique<HardDisk>(HardDisk::Config{.name = "hda", .media = media}));
    bench.address(0, 1);
    bench.command(Command::WriteSectors);
    EXPECT_EQ(bench.in(Register::StatusCommand), kReady | status::kErr);
    EXPECT_EQ(bench.in(Register::ErrorFeatures) & error::kAbrt, error::kAbrt);
    EXPECT_EQ(media->writes, 0U);
}

TEST(DriveLifetime, AnAnswerAfterTheDriveIsGoneIsHarmless)
{
    auto media = std::make_shared<MemoryMedia>(512 * 8, MemoryMedia::Answer::Deferred);
    {
        Bench bench;
        bench.controller.attach(0, std::make_unique<HardDisk>(HardDisk::Config{.name = "hda", .media = media}));
        bench.address(0, 1);
        bench.command(Command::ReadSectors);
    }
    EXPECT_EQ(media->waiting(), 1U);
    media->run();
}

TEST(TwoDrives, InterruptsFollowTheSelection)
{
    Bench bench;
    auto slow = std::make_shared<MemoryMedia>(512 * 8, MemoryMedia::Answer::Deferred);
    auto fast = std::make_shared<MemoryMedia>(512 * 4);
    bench.controller.attach(0, std::make_unique<HardDisk>(HardDisk::Config{.name = "hda", .media = fast}));
    bench.controller.attach(1, std::make_unique<HardDisk>(HardDisk::Config{.name = "hdb", .media = slow}));
    bench.out(Register::Device, 0xA0);
    bench.command(Command::Recalibrate);
    EXPECT_TRUE(bench.sink.levels[14]);
    bench.out(Register::Device, 0xB0);
    EXPECT_FALSE(bench.sink.levels[14]);
    bench.out(Register::Device, 0xA0);
    EXPECT_TRUE(bench.sink.levels[14]);
    bench.in(Register::StatusCommand);
    EXPECT_FALSE(bench.sink.levels[14]);
}

TEST(PciFunction, IsAPiix3)
{
    Bench bench;
    EXPECT_EQ(bench.controller.config_read(0, 4), 0x70108086U);
    EXPECT_EQ(bench.controller.config_read(8, 4), 0x01018000U);
    EXPECT_EQ(bench.controller.config_read(0x2c, 4), 0x11001AF4U);
    bench.controller.config_write(0x20, 4, 0xFFFFFFFF);
    EXPECT_EQ(bench.controller.config_read(0x20, 4), 0xFFFFFFF1U);
    bench.controller.config_write(0x40, 2, 0x8000);
    EXPECT_EQ(bench.controller.config_read(0x40, 2), 0x8000U);
}

} // namespace
} // namespace windsor::devices::ide
