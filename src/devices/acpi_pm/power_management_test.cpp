// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/acpi_pm/power_management.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace windsor::devices::acpi_pm {
namespace {

class Sci final : public bus::IrqSink {
public:
    void set_irq(unsigned input, bool level) override
    {
        EXPECT_EQ(input, kSciIrq);
        asserted = level;
        ++changes;
    }
    bool asserted{false};
    int changes{0};
};

class PowerManagementTest : public testing::Test {
protected:
    using Base = std::optional<std::uint16_t>;

    std::uint64_t get(unsigned offset, bus::Width width) { return pm.pm_io().read(offset, width).value; }
    void put(unsigned offset, bus::Width width, std::uint64_t value)
    {
        EXPECT_EQ(pm.pm_io().write(offset, width, value), bus::AccessStatus::Ok);
    }
    void pass(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }
    void enable_acpi() { pm.smi_io().write(0, bus::Width::Byte, kAcpiEnable); }

    base::ManualClock clock;
    base::TimerQueue timers;
    Sci sci;
    std::vector<Base> pm_bases;
    std::vector<Base> smbus_bases;
    std::vector<SleepType> sleeps;
    PowerManagement pm{clock,
                       timers,
                       {.on_pm_io = [this](Base base) { pm_bases.push_back(base); },
                        .on_smbus_io = [this](Base base) { smbus_bases.push_back(base); },
                        .on_sleep = [this](SleepType type) { sleeps.push_back(type); },
                        .sci = bus::IrqLine{sci, kSciIrq}}};
};

TEST_F(PowerManagementTest, IdentifiesItselfAndForbidsSmm)
{
    EXPECT_EQ(pm.config_read(0x00, 4), 0x71138086U);
    EXPECT_EQ(pm.config_read(0x40, 4), 1U);
    EXPECT_EQ(pm.config_read(0x5b, 1), 2U);
}

TEST_F(PowerManagementTest, BlocksAppearWhereFirmwarePutsThem)
{
    pm.config_write(0x40, 4, 0xb001);
    EXPECT_TRUE(pm_bases.empty());
    pm.config_write(0x80, 1, 0x01);
    EXPECT_EQ(pm_bases, std::vector<Base>{0xb000});
    pm.config_write(0x40, 4, 0x601);
    EXPECT_EQ(pm_bases, (std::vector<Base>{0xb000, std::nullopt, 0x600}));
    pm.config_write(0x90, 4, 0xb101);
    pm.config_write(0xd2, 1, 0x09);
    EXPECT_EQ(smbus_bases, std::vector<Base>{0xb100});
    pm.reset();
    EXPECT_EQ(pm_bases.back(), std::nullopt);
    EXPECT_EQ(smbus_bases.back(), std::nullopt);
}

TEST_F(PowerManagementTest, TimerCountsAtItsFrequency)
{
    pass(base::kSecond);
    EXPECT_EQ(get(kPmTimer, bus::Width::Dword), 3'579'545U);
    pass(9 * base::kSecond);
    EXPECT_EQ(get(kPmTimer, bus::Width::Dword), 35'795'450U & 0xffffff);
    EXPECT_EQ(get(kPmTimer + 1, bus::Width::Byte), 35'795'450U >> 8 & 0xff);
}

TEST_F(PowerManagementTest, TopBitChangesInterruptIfEnabled)
{
    enable_acpi();
    put(2, bus::Width::Word, kTimerStatus);
    const base::Nanoseconds half = *timers.next_deadline();
    EXPECT_NEAR(static_cast<double>(half), 8'388'608.0 / 3'579'545.0 * 1e9, 2.0);
    pass(half - 1);
    EXPECT_FALSE(sci.asserted);
    pass(1);
    EXPECT_TRUE(sci.asserted);
    EXPECT_EQ(get(0, bus::Width::Word), kTimerStatus);
    put(0, bus::Width::Word, kTimerStatus);
    EXPECT_FALSE(sci.asserted);
    pass(half);
    EXPECT_TRUE(sci.asserted);
}

TEST_F(PowerManagementTest, TopBitIsNoticedWithoutInterruptToo)
{
    pass(3 * base::kSecond);
    EXPECT_EQ(timers.next_deadline(), std::nullopt);
    EXPECT_EQ(get(0, bus::Width::Word), kTimerStatus);
    EXPECT_EQ(sci.changes, 0);
}

TEST_F(PowerManagementTest, PowerButtonNeedsAListener)
{
    EXPECT_FALSE(pm.press_power_button());
    put(0, bus::Width::Word, 0xffff);
    enable_acpi();
    EXPECT_EQ(get(kPm1Control, bus::Width::Word), kSciEnable);
    put(2, bus::Width::Word, kPowerButtonStatus);
    EXPECT_FALSE(sci.asserted);
    EXPECT_TRUE(pm.press_power_button());
    EXPECT_TRUE(sci.asserted);
    put(0, bus::Width::Word, kPowerButtonStatus);
    EXPECT_FALSE(sci.asserted);
}

TEST_F(PowerManagementTest, AcpiCanBeEnabledByTheControlRegisterAndDisabledAgain)
{
    put(2, bus::Width::Word, kPowerButtonStatus);
    pm.press_power_button();
    EXPECT_FALSE(sci.asserted);
    put(kPm1Control, bus::Width::Word, kSciEnable);
    EXPECT_TRUE(sci.asserted);
    pm.smi_io().write(0, bus::Width::Byte, kAcpiDisable);
    EXPECT_FALSE(sci.asserted);
    EXPECT_FALSE(pm.acpi_enabled());
    EXPECT_EQ(pm.smi_io().read(0, bus::Width::Byte).value, kAcpiDisable);
}

TEST_F(PowerManagementTest, StatusAndEnableCanBeWrittenTogether)
{
    pm.press_power_button();
    put(0, bus::Width::Dword, std::uint64_t{kRtcStatus} << 16 | kPowerButtonStatus);
    EXPECT_EQ(get(0, bus::Width::Dword), std::uint64_t{kRtcStatus} << 16);
    enable_acpi();
    pm.rtc_alarm();
    EXPECT_TRUE(sci.asserted);
}

TEST_F(PowerManagementTest, SleepEnableAsksForTheState)
{
    put(kPm1Control, bus::Width::Word, 1 << 10 | kSciEnable);
    EXPECT_TRUE(sleeps.empty());
    put(kPm1Control, bus::Width::Word, kSleepEnable | kSciEnable);
    put(kPm1Control, bus::Width::Word, kSleepEnable | 1 << 10);
    put(kPm1Control + 1, bus::Width::Byte, (kSleepEnable | 2 << 10) >> 8);
    put(kPm1Control, bus::Width::Word, kSleepEnable | 5 << 10);
    EXPECT_EQ(sleeps, (std::vector{SleepType::SoftOff, SleepType::SuspendToRam, SleepType::SuspendToDisk}));
    EXPECT_EQ(get(kPm1Control, bus::Width::Word) & kSleepEnable, 0U);
    pm.wake();
    EXPECT_EQ(get(0, bus::Width::Word), kWakeStatus);
}

TEST_F(PowerManagementTest, GeneralPurposeEvents)
{
    enable_acpi();
    pm.gpe_io().write(2, bus::Width::Byte, 0x02);
    pm.raise_gpe(2);
    EXPECT_FALSE(sci.asserted);
    pm.raise_gpe(1);
    EXPECT_TRUE(sci.asserted);
    EXPECT_EQ(pm.gpe_io().read(0, bus::Width::Dword).value, 0x00020006U);
    pm.gpe_io().write(0, bus::Width::Byte, 0x02);
    EXPECT_FALSE(sci.asserted);
    EXPECT_EQ(pm.gpe_io().read(0, bus::Width::Byte).value, 0x04U);
}

TEST_F(PowerManagementTest, NobodyAnswersOnTheSmbus)
{
    EXPECT_EQ(pm.smbus_io().read(0, bus::Width::Byte).value, 0U);
    pm.smbus_io().write(4, bus::Width::Byte, 0xa1);
    pm.smbus_io().write(2, bus::Width::Byte, 0x48);
    EXPECT_EQ(pm.smbus_io().read(0, bus::Width::Byte).value, kSmbusDeviceError);
    EXPECT_EQ(pm.smbus_io().read(2, bus::Width::Byte).value, 0x08U);
    pm.smbus_io().write(0, bus::Width::Byte, 0xff);
    EXPECT_EQ(pm.smbus_io().read(0, bus::Width::Byte).value, 0U);
}

TEST_F(PowerManagementTest, AccessesMayStraddleRegisters)
{
    put(2, bus::Width::Word, kPowerButtonStatus);
    put(kPm1Control, bus::Width::Word, kSciEnable);
    EXPECT_EQ(get(2, bus::Width::Dword), std::uint64_t{kSciEnable} << 16 | kPowerButtonStatus);
    EXPECT_EQ(get(62, bus::Width::Word), 0U);
}

TEST_F(PowerManagementTest, LoadMakesNoEdge)
{
    enable_acpi();
    pm.config_write(0x40, 4, 0xb001);
    pm.config_write(0x80, 1, 0x01);
    put(2, bus::Width::Word, kPowerButtonStatus);
    pm.press_power_button();
    Sci other_sci;
    std::vector<Base> bases;
    PowerManagement other{clock, timers,
                          {.on_pm_io = [&](Base base) { bases.push_back(base); },
                           .sci = bus::IrqLine{other_sci, kSciIrq}}};
    other.load(pm.state());
    EXPECT_EQ(bases, std::vector<Base>{0xb000});
    EXPECT_EQ(other_sci.changes, 0);
    other.pm_io().write(0, bus::Width::Word, kPowerButtonStatus);
    EXPECT_EQ(other_sci.changes, 1);
    EXPECT_FALSE(other_sci.asserted);
}

} // namespace
} // namespace windsor::devices::acpi_pm
