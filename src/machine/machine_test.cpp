// SPDX-License-Identifier: GPL-2.0-or-later
// Whole machines that run Debian's SeaBIOS; no operating system.
#include "machine/machine.hpp"
#include "machine/tiny_guest.hpp"

#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

namespace windsor::machine {

namespace {

using namespace std::chrono_literals;

class MachineTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
    }
    std::unique_ptr<Machine> make(std::function<void(Event)> on_event = [](Event) {})
    {
        return Machine::create({.memory = 16 * kMiB}, log_, std::move(on_event)).value();
    }

    base::Log log_{base::Log::discard()};
};

TEST_F(MachineTest, FirmwareComesUpAndFindsNothingToBoot)
{
    const auto machine = make();
    machine->resume();
    EXPECT_TRUE(wait_for_text(*machine, "No bootable device")) << text_of(*machine);
}

TEST_F(MachineTest, TwoMachinesRunInOneProcess)
{
    const auto first = make();
    const auto second = make();
    first->resume();
    second->resume();
    EXPECT_TRUE(wait_for_text(*first, "No bootable device"));
    EXPECT_TRUE(wait_for_text(*second, "No bootable device"));
}

TEST_F(MachineTest, NothingRunsWhilePausedAndAResetStartsAnew)
{
    const auto machine = make();
    machine->resume();
    EXPECT_TRUE(wait_for_text(*machine, "No bootable device"));
    machine->pause();
    EXPECT_FALSE(machine->running());
    const auto before = machine->statistics().instructions;
    const auto time = machine->clock().now();
    std::this_thread::sleep_for(30ms);
    EXPECT_EQ(machine->statistics().instructions, before);
    EXPECT_EQ(machine->clock().now(), time);
    machine->reset();
    EXPECT_FALSE(machine->running()) << "a reset keeps it paused";
    EXPECT_EQ(text_of(*machine).find("No bootable device"), std::string::npos);
    machine->resume();
    EXPECT_TRUE(wait_for_text(*machine, "No bootable device"));
}

TEST_F(MachineTest, TheRealTimeClockCatchesUpAfterAPause)
{
    base::ManualWallClock wall;
    const auto machine = Machine::create({.memory = 16 * kMiB, .rtc_base_seconds = 1000, .wall_clock = &wall}, log_,
                                         [](Event) {})
                             .value();
    wall.advance(100 * base::kSecond); // created, and not started yet
    machine->resume();
    EXPECT_GE(machine->guest_time(), 1100);
    machine->pause();
    const auto shown = machine->guest_time();
    EXPECT_LT(shown, 1100 + 600) << "of machine time there were moments only";
    wall.advance(3600 * base::kSecond);
    EXPECT_EQ(machine->guest_time(), shown) << "nobody looks";
    machine->resume();
    EXPECT_GE(machine->guest_time(), 1100 + 3600 - 1);
    machine->pause();
    machine->resume();
    EXPECT_LT(machine->guest_time(), 1100 + 3600 + 600) << "an hour is made up for once";
}

TEST_F(MachineTest, AKeyPressInterruptsTheProcessor)
{
    const auto machine = make();
    machine->resume();
    ASSERT_TRUE(wait_for_text(*machine, "No bootable device"));
    const auto interrupts = machine->statistics().interrupts;
    {
        const bus::MachineGuard guard{machine->lock()};
        machine->keyboard().key(0x1e, true);
        machine->keyboard().key(0x1e, false);
    }
    for (int i = 0; i < 500 && machine->statistics().interrupts < interrupts + 2; ++i) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_GE(machine->statistics().interrupts, interrupts + 2);
}

TEST_F(MachineTest, MissingFirmwareAndImpossibleMemoryAreRefused)
{
    const auto no_bios = Machine::create({.memory = 16 * kMiB, .bios = "/nonexistent"}, log_, [](Event) {});
    ASSERT_FALSE(no_bios.has_value());
    EXPECT_NE(no_bios.error().message().find("/nonexistent"), std::string::npos);
    const auto too_large = Machine::create({.memory = std::uint64_t{1} << 46}, log_, [](Event) {});
    ASSERT_FALSE(too_large.has_value());
    EXPECT_NE(too_large.error().message().find("than the host has free"), std::string::npos);
}

TEST_F(MachineTest, NobodyListensToThePowerButtonBeforeAnOperatingSystemDoes)
{
    const auto machine = make();
    EXPECT_FALSE(machine->press_power_button());
}

} // namespace

} // namespace windsor::machine
