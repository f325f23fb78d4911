// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/unit.hpp"

#include "devices/floppy/floppy_bench.hpp"
#include "devices/site_testing.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::floppy {
namespace {

class FloppyUnit : public testing::Test, protected TestSite {
protected:
    void plug(std::array<AttachedFloppy, 2> drives)
    {
        auto made = make(chipset::isa("floppy", {kPorts, kDigitalInputPort}, {kInterrupt}, unit(std::move(drives))));
        ASSERT_TRUE(made) << made.error().message();
        device = std::move(*made);
        device->reset();
    }

    std::shared_ptr<MemoryMedia> disk = std::make_shared<MemoryMedia>(k1440);
    MemoryDma dma;
    std::unique_ptr<chipset::Device> device;
};

TEST_F(FloppyUnit, AnswersAtThePcsPorts)
{
    outlets.isa_dma.push_back(&dma);
    plug({{{.present = true, .name = "fda", .media = disk}, {}}});
    out(0x3f2, 0x1c);
    run();
    EXPECT_TRUE(irqs.levels[kInterrupt]);
    EXPECT_EQ(in(0x3f4), 0x80u);
    EXPECT_EQ(in(0x3f7), 0xffu); // the disk is new
    EXPECT_EQ(in(0x3f6), 0xffu); // nobody
    out(0x3f7, 0x00);
    dma.set_up(512);
    for (const unsigned byte : {0x46u, 0x00u, 0u, 0u, 2u, 2u, 18u, 0x1bu, 0xffu}) {
        out(0x3f5, byte);
    }
    run();
    EXPECT_EQ(in(0x3f5), 0x00u);
    EXPECT_EQ(dma.memory[0], 1);
    EXPECT_EQ(outlets.removable_drives.size(), 1u);
}

TEST_F(FloppyUnit, OffersItsDrives)
{
    plug({{{.present = true, .name = "fda", .media = disk}, {.present = true, .name = "fdb"}}});
    ASSERT_EQ(outlets.removable_drives.size(), 2u);
    EXPECT_EQ(outlets.removable_drives[0]->name(), "fda");
    EXPECT_EQ(outlets.removable_drives[1]->name(), "fdb");
    EXPECT_EQ(disk.use_count(), 2);
    device->release_world();
    EXPECT_EQ(disk.use_count(), 1);
    EXPECT_FALSE(outlets.removable_drives[1]->change(disk)) << "the machine is about to end";
    EXPECT_EQ(disk.use_count(), 1);
    EXPECT_FALSE(device->busy());
}

TEST_F(FloppyUnit, RefusesWhatIsNoFloppyDisk)
{
    const auto made = make(chipset::isa("floppy", {kPorts, kDigitalInputPort}, {kInterrupt},
                                        unit({{{}, {.present = true, .media = std::make_shared<MemoryMedia>(4096)}}})));
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().message().starts_with("4096 bytes is the size of no floppy disk"));
    EXPECT_TRUE(check_disk_size(737'280));
    EXPECT_FALSE(check_disk_size(737'281));
}

TEST(FloppyDriveKind, IsSavedSinceTheDiskDoesNotShowIt)
{
    const auto small = std::make_shared<MemoryMedia>(k1440);
    const auto large = std::make_shared<MemoryMedia>(k2880);
    FloppyDrive made{"fda", DriveKind::Inch3Mb288, large};
    ASSERT_TRUE(made.change(small, backend::LockedMedium::Stays));
    FloppyDrive restored{"fda", DriveKind::Inch3Mb144, small};
    EXPECT_FALSE(restored.change(large, backend::LockedMedium::Stays));
    restored.load(made.state());
    EXPECT_TRUE(restored.change(large, backend::LockedMedium::Stays));

    FloppyDrive::State forged = made.state();
    for (const unsigned kind : {0u, 1u, 3u, 255u, static_cast<unsigned>(DriveKind::Inch5Mb12)}) {
        forged.kind = static_cast<DriveKind>(kind);
        FloppyDrive drive{"fda", DriveKind::Inch3Mb144, small};
        drive.load(forged);
        EXPECT_EQ(drive.kind(), DriveKind::Inch3Mb144) << kind << " is no drive that takes what is in it";
    }
}

TEST(FloppyCmosType, FollowsFromTheDisk)
{
    const auto type = [](std::size_t bytes) {
        return cmos_type({.present = true, .media = std::make_shared<MemoryMedia>(bytes)});
    };
    EXPECT_EQ(cmos_type({}), 0);
    EXPECT_EQ(cmos_type({.present = true}), 4);
    EXPECT_EQ(type(k360), 2);
    EXPECT_EQ(type(k720), 4);
    EXPECT_EQ(type(k1200), 2);
    EXPECT_EQ(type(k1440), 4);
    EXPECT_EQ(type(k2880), 5);
}

} // namespace
} // namespace windsor::devices::floppy
