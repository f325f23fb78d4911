// SPDX-License-Identifier: GPL-2.0-or-later
// Registers, resets, seeks and the commands that move no data.
#include "devices/floppy/floppy_bench.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::floppy {
namespace {

using Bytes = std::vector<unsigned>;
using base::kMillisecond;

class FloppyController : public testing::Test, protected Bench {
protected:
    void SetUp() override { begin(); }
    // Of a seek that has ended.
    Bytes seek(std::initializer_list<unsigned> bytes)
    {
        command(bytes);
        run();
        return complete({0x08});
    }
};

TEST(FloppyPowerOn, IsInReset)
{
    Bench bench;
    EXPECT_EQ(bench.main_status(), 0x00u);
    EXPECT_EQ(bench.in(Register::DigitalOutput), 0x00u);
    bench.out(Register::Data, 0x10);
    EXPECT_EQ(bench.main_status(), 0x00u);
    EXPECT_EQ(bench.chip->read(0, bus::Width::Word).status, bus::AccessStatus::BadWidth);
    EXPECT_EQ(bench.chip->write(0, bus::Width::Word, 0), bus::AccessStatus::BadWidth);
    EXPECT_EQ(bench.chip->digital_input().read(0, bus::Width::Dword).status, bus::AccessStatus::BadWidth);
    EXPECT_EQ(bench.chip->read(6, bus::Width::Byte).status, bus::AccessStatus::NoRegister);
}

TEST(FloppyPowerOn, PollingReportsFourDrives)
{
    Bench bench;
    bench.out(Register::DigitalOutput, 0x0c);
    EXPECT_EQ(bench.main_status(), 0x80u);
    EXPECT_FALSE(bench.irq.level);
    bench.pass(kPollingTime);
    EXPECT_TRUE(bench.irq.level);
    for (unsigned number = 0; number < 4; ++number) {
        EXPECT_EQ(bench.complete({0x08}), (Bytes{0xc0 | number, 0}));
        EXPECT_FALSE(bench.irq.level);
    }
    EXPECT_EQ(bench.complete({0x08}), Bytes{0x80});
    EXPECT_EQ(bench.irq.count, 1u);
}

TEST_F(FloppyController, ConfigureInTimeDisablesPolling)
{
    out(Register::MainStatusDataRate, 0x80);
    command({0x13, 0, 0x10, 0});
    run();
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(complete({0x08}), Bytes{0x80});
    out(Register::MainStatusDataRate, 0x80); // and the next reset polls again
    run();
    EXPECT_TRUE(irq.level);
}

TEST_F(FloppyController, DmaGateLetsTheInterruptOut)
{
    out(Register::DigitalOutput, 0x14);
    command({0x07, 0x00});
    run();
    EXPECT_FALSE(irq.level);
    out(Register::DigitalOutput, 0x1c);
    EXPECT_TRUE(irq.level);
    out(Register::DigitalOutput, 0x18); // reset
    EXPECT_FALSE(irq.level);
}

TEST_F(FloppyController, IdentifiesAsAn82077)
{
    // Linux' get_fdc_version and Windows' fdc.sys ask these.
    EXPECT_EQ(complete({0x10}), Bytes{0x90});
    EXPECT_EQ(complete({0x18}), Bytes{0x80}); // PART ID is one of the 82078
    EXPECT_EQ(complete({0x14}), Bytes{0x00});
    EXPECT_EQ(complete({0x94}), Bytes{0x10});
    EXPECT_EQ(complete({0x0e}), (Bytes{0, 0, 0, 0, 0xaf, 0x02, 0, 0x80, 0x20, 0}));
    EXPECT_FALSE(irq.level);
}

TEST_F(FloppyController, InvalidCommandsSaySo)
{
    for (const unsigned code : {0x00u, 0x01u, 0x0bu, 0x11u, 0x19u, 0x1du, 0x1fu, 0x2eu, 0x33u, 0x47u, 0x87u, 0xffu}) {
        EXPECT_EQ(complete({code}), Bytes{0x80}) << code;
        EXPECT_FALSE(irq.level);
        EXPECT_EQ(main_status(), 0x80u);
    }
}

TEST_F(FloppyController, MainStatusFollowsThePhases)
{
    out(Register::Data, 0x04);
    EXPECT_EQ(main_status(), 0x90u);
    out(Register::Data, 0x00);
    EXPECT_EQ(main_status(), 0xd0u);
    in(Register::Data);
    EXPECT_EQ(main_status(), 0x80u);
    command({0x0f, 0x00, 10});
    EXPECT_EQ(main_status(), 0x81u);
    command({0x0f, 0x01, 10});
    EXPECT_EQ(main_status(), 0x83u);
    run();
    EXPECT_EQ(main_status(), 0x80u);
}

TEST_F(FloppyController, LockKeepsTheFifoOverASoftwareReset)
{
    complete({0x13, 0, 0x57, 9});
    EXPECT_EQ(complete({0x0e})[8], 0x57u);
    complete({0x94});
    out(Register::MainStatusDataRate, 0x80);
    run();
    EXPECT_EQ(complete({0x0e})[8], 0x47u); // polling is back
    EXPECT_EQ(complete({0x0e})[9], 9u);
    complete({0x14});
    out(Register::DigitalOutput, 0x18);
    out(Register::DigitalOutput, 0x1c);
    EXPECT_EQ(complete({0x0e})[8], 0x60u);
    EXPECT_EQ(complete({0x0e})[9], 0u);
    complete({0x94});
    chip->reset();
    out(Register::DigitalOutput, 0x1c);
    EXPECT_EQ(complete({0x0e}), (Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0}));
}

TEST_F(FloppyController, PerpendicularMode)
{
    complete({0x12, 0x87});
    EXPECT_EQ(complete({0x0e})[7], 0x07u);
    complete({0x12, 0x38}); // without OW
    EXPECT_EQ(complete({0x0e})[7], 0x04u);
    complete({0x12, 0xbf});
    out(Register::MainStatusDataRate, 0x80);
    EXPECT_EQ(complete({0x0e})[7], 0x3cu);
}

TEST_F(FloppyController, PowerDownEndsWithAReset)
{
    command({0x07, 0x00});
    out(Register::MainStatusDataRate, 0x42);
    EXPECT_EQ(main_status(), 0x00u);
    run();
    EXPECT_FALSE(irq.level);
    out(Register::Data, 0x10);
    out(Register::MainStatusDataRate, 0x80);
    EXPECT_EQ(main_status(), 0x80u);
    run();
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(complete({0x10}), Bytes{0x90});
}

TEST_F(FloppyController, SeeksTakeTheirTime)
{
    command({0x0f, 0x00, 3}); // at 6 ms a step
    pass(18 * kMillisecond - 1);
    EXPECT_FALSE(irq.level);
    pass(1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(complete({0x08}), (Bytes{0x20, 3}));
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(complete({0x08}), Bytes{0x80});
    EXPECT_EQ(seek({0x0f, 0x04, 80}), (Bytes{0x24, 80}));
    EXPECT_EQ(complete({0x0e})[0], 80u);
    EXPECT_EQ(complete({0x04, 0x04}), Bytes{0x2c});
    EXPECT_EQ(seek({0x07, 0x00}), (Bytes{0x70, 0})); // 79 steps are not enough
    EXPECT_EQ(seek({0x07, 0x00}), (Bytes{0x20, 0}));
    EXPECT_EQ(complete({0x04, 0x00}), Bytes{0x38});
}

TEST_F(FloppyController, RelativeSeeks)
{
    EXPECT_EQ(seek({0xcf, 0x00, 5}), (Bytes{0x20, 5}));
    EXPECT_EQ(seek({0x8f, 0x00, 2}), (Bytes{0x20, 3}));
    EXPECT_EQ(chip->drive(0)->cylinder(), 3u);
    EXPECT_EQ(seek({0x8f, 0x00, 5}), (Bytes{0x20, 0xfe}));
    EXPECT_EQ(chip->drive(0)->cylinder(), 0u);
    EXPECT_EQ(seek({0xcf, 0x00, 0xff}), (Bytes{0x20, 0xfd}));
    EXPECT_EQ(chip->drive(0)->cylinder(), kLastCylinder);
}

TEST_F(FloppyController, TwoDrivesSeekAtOnce)
{
    command({0x0f, 0x01, 3});
    command({0x0f, 0x00, 2});
    run();
    EXPECT_EQ(complete({0x08}), (Bytes{0x20, 2}));
    EXPECT_TRUE(irq.level); // there is another
    EXPECT_EQ(complete({0x08}), (Bytes{0x21, 3}));
    EXPECT_FALSE(irq.level);
}

TEST_F(FloppyController, ASeekEndsDuringAnotherCommand)
{
    command({0x0f, 0x01, 1});
    command({0x04});
    run();
    EXPECT_FALSE(irq.level);
    command({0x00});
    EXPECT_EQ(result(), Bytes{0x38});
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(complete({0x08}), (Bytes{0x21, 1}));
}

TEST_F(FloppyController, ADriveThatIsNotThere)
{
    EXPECT_EQ(seek({0x07, 0x02}), (Bytes{0x72, 0}));
    EXPECT_EQ(seek({0x0f, 0x03, 7}), (Bytes{0x23, 7}));
    EXPECT_EQ(complete({0x04, 0x02}), Bytes{0x2a});
    out(Register::DigitalOutput, 0x1e);
    EXPECT_EQ(digital_input(), 0x7fu);
    EXPECT_EQ(complete({0x4a, 0x02}), (Bytes{0x42, 0x01, 0, 0, 0, 0, 0}));
}

TEST_F(FloppyController, DiskChangeGoesWithAStep)
{
    EXPECT_EQ(digital_input(), 0xffu);
    seek({0x0f, 0x00, 0}); // no pulse
    EXPECT_EQ(digital_input(), 0xffu);
    seek({0x0f, 0x00, 1});
    EXPECT_EQ(digital_input(), 0x7fu);
    ASSERT_TRUE(chip->drive(0)->change(nullptr, backend::LockedMedium::Stays));
    EXPECT_EQ(digital_input(), 0xffu);
    seek({0x0f, 0x00, 2}); // without a disk
    EXPECT_EQ(digital_input(), 0xffu);
    EXPECT_EQ(complete({0x04, 0x00}), Bytes{0x68}); // protected
    ASSERT_TRUE(chip->drive(0)->change(std::make_shared<MemoryMedia>(k720), backend::LockedMedium::Stays));
    EXPECT_EQ(digital_input(), 0xffu);
    seek({0x07, 0x00});
    EXPECT_EQ(digital_input(), 0x7fu);
    out(Register::DigitalOutput, 0x2d); // the other drive has no disk
    EXPECT_EQ(digital_input(), 0xffu);
}

TEST_F(FloppyController, DrivesTakeTheirKindOfDisk)
{
    const auto change = [this](std::size_t bytes) {
        const auto status = chip->drive(0)->change(std::make_shared<MemoryMedia>(bytes), backend::LockedMedium::Stays);
        return status ? std::string{} : status.error().message();
    };
    EXPECT_EQ(change(k2880), "fda is a drive of 1.44 MB, which does not take a disk of 2.88 MB");
    EXPECT_EQ(change(k360), "fda is a drive of 1.44 MB, which does not take a disk of 360 KB");
    EXPECT_EQ(change(1000), "fda: 1000 bytes is the size of no floppy disk; there are those of 160, 180, 320, 360, "
                            "640 and 720 KB, and of 1.2, 1.44, 1.68, 1.72 and 2.88 MB");
    EXPECT_EQ(chip->drive(0)->medium(), medium);
    EXPECT_EQ(change(1'720'320), "");
    EXPECT_EQ(change(1'763'328), "");
    EXPECT_FALSE(chip->drive(0)->locked());
    EXPECT_EQ(chip->drive(0)->name(), "fda");
}

TEST(FloppyMedium, FormatsBySize)
{
    for (const auto& [bytes, kind] :
         std::initializer_list<std::pair<std::uint64_t, DriveKind>>{{163'840, DriveKind::Inch5Mb12},
                                                                    {184'320, DriveKind::Inch5Mb12},
                                                                    {327'680, DriveKind::Inch5Mb12},
                                                                    {368'640, DriveKind::Inch5Mb12},
                                                                    {655'360, DriveKind::Inch3Mb144},
                                                                    {737'280, DriveKind::Inch3Mb144},
                                                                    {1'228'800, DriveKind::Inch5Mb12},
                                                                    {1'474'560, DriveKind::Inch3Mb144},
                                                                    {1'720'320, DriveKind::Inch3Mb144},
                                                                    {1'763'328, DriveKind::Inch3Mb144},
                                                                    {2'949'120, DriveKind::Inch3Mb288}}) {
        ASSERT_TRUE(format_of(bytes)) << bytes;
        EXPECT_EQ((*format_of(bytes))->bytes(), bytes);
        EXPECT_EQ(*drive_for(bytes), kind);
    }
    EXPECT_EQ(*drive_for(0), DriveKind::Inch3Mb144);
    EXPECT_FALSE(drive_for(512));
    EXPECT_FALSE(format_of(0));
}

TEST_F(FloppyController, StatusRegistersAAndB)
{
    EXPECT_EQ(in(Register::StatusA), 0x06u);
    seek({0x0f, 0x00, 1});
    EXPECT_EQ(in(Register::StatusA), 0x16u);
    command({0x07, 0x00});
    run();
    EXPECT_EQ(in(Register::StatusA), 0x86u);
    EXPECT_EQ(in(Register::StatusB), 0xc1u);
    out(Register::DigitalOutput, 0x2d);
    EXPECT_EQ(in(Register::StatusB), 0xe2u);
    out(Register::TapeDrive, 0xff);
    EXPECT_EQ(in(Register::TapeDrive), 0xffu);
    out(Register::TapeDrive, 0x01);
    EXPECT_EQ(in(Register::TapeDrive), 0xfdu);
}

} // namespace
} // namespace windsor::devices::floppy
