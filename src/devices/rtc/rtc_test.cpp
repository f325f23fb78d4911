// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtc/rtc.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace windsor::devices::rtc {
namespace {

using base::kMicrosecond;
using base::kMillisecond;
using base::kSecond;
using bus::Width;

class Edges final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool now) override
    {
        level = now;
        count += now ? 1 : 0;
    }
    bool level{false};
    int count{0};
};

constexpr std::int64_t kStart = 951'782'399; // Monday 28 February 2000, 23:59:59

class RtcTest : public testing::Test {
protected:
    std::uint8_t read(std::uint8_t index)
    {
        rtc.ports().write(0, Width::Byte, index);
        return static_cast<std::uint8_t>(rtc.ports().read(1, Width::Byte).value);
    }
    void write(std::uint8_t index, std::uint8_t value)
    {
        rtc.ports().write(0, Width::Byte, index);
        EXPECT_EQ(rtc.ports().write(1, Width::Byte, value), bus::AccessStatus::Ok);
    }
    void pass(base::Nanoseconds by)
    {
        const base::Nanoseconds end = clock.now() + by;
        while (timers.next_deadline() && *timers.next_deadline() <= end) {
            clock.set(*timers.next_deadline());
            timers.run_due(clock.now());
        }
        clock.set(end);
    }
    void expect_date(std::uint8_t century, std::uint8_t year, std::uint8_t month, std::uint8_t day)
    {
        EXPECT_EQ(read(0x32), century);
        EXPECT_EQ(read(9), year);
        EXPECT_EQ(read(8), month);
        EXPECT_EQ(read(7), day);
    }
    void expect_time(std::uint8_t hour, std::uint8_t minute, std::uint8_t second)
    {
        EXPECT_EQ(read(4), hour);
        EXPECT_EQ(read(2), minute);
        EXPECT_EQ(read(0), second);
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    Edges irq;
    std::optional<std::int64_t> told;
    Rtc rtc{clock,
            timers,
            bus::IrqLine{irq, 8},
            {.base_seconds = kStart, .time_set = [this](std::int64_t by) { told = by; }}};
};

TEST_F(RtcTest, ShowsTheTimeInBcd)
{
    expect_date(0x20, 0x00, 0x02, 0x28);
    expect_time(0x23, 0x59, 0x59);
    EXPECT_EQ(read(6), 2) << "Monday";
    EXPECT_EQ(read(0x0d), 0x80);
    EXPECT_EQ(read(0x0a), 0x26);
    EXPECT_EQ(read(0x0b), 0x02);
}

// Tuesday 29 February 2000 follows.
TEST_F(RtcTest, DayOfTheWeekIsRightUntilItIsSetAndCountsOnThen)
{
    EXPECT_EQ(read(6), 2);
    pass(kSecond);
    EXPECT_EQ(read(6), 3);
    write(6, 7); // while the clock runs
    EXPECT_EQ(read(6), 7);
    write(0x0b, 0x82); // SET
    EXPECT_EQ(read(6), 7);
    write(6, 6);
    write(9, 0x25);
    write(8, 0x12);
    write(7, 0x31);
    write(4, 0x23);
    write(2, 0x59);
    write(0, 0x59);
    EXPECT_EQ(read(6), 6);
    write(0x0b, 0x02);
    EXPECT_EQ(read(6), 6);
    pass(kSecond);
    EXPECT_EQ(read(6), 7);
    pass(86'400 * kSecond);
    EXPECT_EQ(read(6), 1) << "Saturday is followed by Sunday";
    write(7, 0x20); // as Linux sets the date: nobody touches the day of the week
    EXPECT_EQ(read(6), 1);
}

TEST_F(RtcTest, NoDayOfTheWeekLeavesItToTheDate)
{
    write(6, 9);
    EXPECT_EQ(read(6), 2);
    write(6, 0);
    EXPECT_EQ(read(6), 2);
}

TEST_F(RtcTest, GoesOverALeapDay)
{
    pass(kSecond);
    expect_date(0x20, 0x00, 0x02, 0x29);
    expect_time(0x00, 0x00, 0x00);
    pass(86'400 * kSecond);
    expect_date(0x20, 0x00, 0x03, 0x01);
}

TEST_F(RtcTest, BinaryAndTwelveHours)
{
    write(0x0b, 0x06);
    expect_time(23, 59, 59);
    expect_date(20, 0, 2, 28);
    write(0x0b, 0x00);
    expect_time(0x91, 0x59, 0x59);
    pass(kSecond);
    EXPECT_EQ(read(4), 0x12) << "midnight is 12 AM";
    pass(12 * 3600 * kSecond);
    EXPECT_EQ(read(4), 0x92) << "noon is 12 PM";
    pass(3600 * kSecond);
    EXPECT_EQ(read(4), 0x81);
}

TEST_F(RtcTest, GuestSetsTheClockAsLinuxDoes)
{
    pass(300 * kMillisecond);
    write(0x0b, 0x82);
    write(0x0a, 0x76); // divider reset
    write(9, 0x24);
    write(8, 0x12);
    write(7, 0x31);
    write(4, 0x23);
    write(2, 0x59);
    write(0, 0x58);
    pass(10 * kSecond);
    expect_time(0x23, 0x59, 0x58);
    EXPECT_FALSE(told);
    write(0x0b, 0x02);
    write(0x0a, 0x26);
    constexpr std::int64_t kSet = 1'735'689'598; // 31 December 2024, 23:59:58
    EXPECT_EQ(told, kSet - kStart - 10);
    pass(499 * kMillisecond);
    expect_time(0x23, 0x59, 0x58);
    pass(2 * kMillisecond); // half a second after the divider's release
    expect_time(0x23, 0x59, 0x59);
    pass(kSecond);
    expect_date(0x20, 0x25, 0x01, 0x01);
}

TEST_F(RtcTest, SettingWithoutChangeTellsNobody)
{
    write(0x0b, 0x82);
    write(0x0b, 0x02);
    write(0, 0x59);
    EXPECT_FALSE(told);
    EXPECT_EQ(rtc.seconds(), kStart);
    write(4, 0x22);
    EXPECT_EQ(told, -3600);
    EXPECT_EQ(rtc.seconds(), kStart - 3600);
}

TEST_F(RtcTest, SetKeepsRawValues)
{
    write(0x0b, 0x82);
    write(8, 0xff);
    write(7, 0xee);
    EXPECT_EQ(read(8), 0xff);
    EXPECT_EQ(read(7), 0xee);
    write(0x0b, 0x02);
    EXPECT_EQ(read(8), 0x12) << "brought into range";
    EXPECT_EQ(read(7), 0x31);
}

TEST_F(RtcTest, UpdateInProgressShowsShortlyBeforeTheSecond)
{
    pass(kSecond - 300 * kMicrosecond);
    EXPECT_EQ(read(0x0a), 0x26);
    pass(100 * kMicrosecond);
    EXPECT_EQ(read(0x0a), 0xa6);
    expect_time(0x23, 0x59, 0x59);
    pass(200 * kMicrosecond);
    EXPECT_EQ(read(0x0a), 0x26);
    write(0x0b, 0x82);
    pass(kSecond - 150 * kMicrosecond);
    EXPECT_EQ(read(0x0a), 0x26) << "no update while SET";
}

TEST_F(RtcTest, PeriodicInterruptNeedsRegisterCRead)
{
    read(0x0c);
    write(0x0b, 0x42);
    pass(kSecond / 1024 + 1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(irq.count, 1);
    pass(10 * kMillisecond);
    EXPECT_EQ(irq.count, 1);
    EXPECT_EQ(read(0x0c), 0xc0);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(read(0x0c), 0x00);
    EXPECT_EQ(rtc.state().lost_periodic, 10u);
}

// What the guest could not take follows when it has read register C, at most twenty in a period.
TEST_F(RtcTest, MissedPeriodicInterruptsFollow)
{
    Edges edges;
    Rtc delivering{
        clock, timers, bus::IrqLine{edges, 8}, {.base_seconds = kStart, .missed = chipset::MissedTicks::Deliver}};
    const auto read_c = [&] {
        delivering.ports().write(0, Width::Byte, 0x0c);
        return delivering.ports().read(1, Width::Byte).value;
    };
    delivering.ports().write(0, Width::Byte, 0x0b);
    delivering.ports().write(1, Width::Byte, 0x42);
    pass(kSecond / 1024 * 30 + 100);
    int taken = 0;
    while (edges.level) {
        EXPECT_EQ(read_c() & 0xc0, 0xc0U);
        ++taken;
    }
    EXPECT_EQ(taken, 21) << "the one in time and twenty more";
    EXPECT_EQ(read_c(), 0U);
    pass(kSecond / 1024);
    while (edges.level) {
        read_c();
        ++taken;
    }
    EXPECT_EQ(taken, 31);
    EXPECT_EQ(delivering.state().lost_periodic, 0U);
    pass(100 * kSecond);
    read_c();
    EXPECT_EQ(delivering.state().owed_periodic, 1024 - 1) << "a second's worth, and one has followed";
}

TEST_F(RtcTest, PeriodicRatesAreExact)
{
    for (const auto& [rate, hertz] : {std::pair{3, 8192}, {6, 1024}, {15, 2}, {1, 256}, {2, 128}}) {
        write(0x0b, 0x02);
        write(0x0a, static_cast<std::uint8_t>(0x20 | rate));
        read(0x0c);
        irq.count = 0;
        write(0x0b, 0x42);
        const base::Nanoseconds end = clock.now() + 3 * kSecond;
        while (timers.next_deadline() && *timers.next_deadline() <= end) {
            clock.set(*timers.next_deadline());
            timers.run_due(clock.now());
            read(0x0c);
        }
        clock.set(end);
        EXPECT_EQ(irq.count, 3 * hertz) << "rate " << rate;
    }
    write(0x0a, 0x20);
    EXPECT_FALSE(timers.next_deadline()) << "rate 0 is off";
}

TEST_F(RtcTest, UpdateEndedInterruptComesEverySecond)
{
    write(0x0b, 0x12);
    for (int i = 1; i <= 3; ++i) {
        pass(kSecond);
        EXPECT_EQ(irq.count, i);
        EXPECT_EQ(read(0x0c) & 0x90, 0x90);
    }
    write(0x0b, 0x92);
    EXPECT_EQ(read(0x0b), 0x82) << "SET clears UIE";
    pass(5 * kSecond);
    EXPECT_EQ(irq.count, 3);
}

TEST_F(RtcTest, AlarmRingsAtItsTime)
{
    write(1, 0x30);
    write(3, 0x15);
    write(5, 0x01);
    write(0x0b, 0x22);
    pass((3600 + 15 * 60 + 30) * kSecond);
    EXPECT_EQ(irq.count, 0);
    pass(kSecond);
    EXPECT_EQ(irq.count, 1);
    expect_time(0x01, 0x15, 0x30);
    EXPECT_EQ(read(0x0c) & 0xa0, 0xa0);
    pass(86'399 * kSecond);
    EXPECT_EQ(irq.count, 1);
    pass(kSecond);
    EXPECT_EQ(irq.count, 2);
}

TEST_F(RtcTest, AlarmDoesNotCareAboutHighBits)
{
    write(1, 0x10);
    write(3, 0xc0);
    write(5, 0xff);
    write(0x0b, 0x22);
    int rings = 0;
    for (int second = 0; second < 300; ++second) {
        pass(kSecond);
        rings += (read(0x0c) & 0x20) != 0 ? 1 : 0;
    }
    EXPECT_EQ(rings, 5);
    EXPECT_EQ(irq.count, 5);
}

TEST_F(RtcTest, ImpossibleAlarmNeverRings)
{
    write(1, 0x75);
    write(0x0b, 0x22);
    pass(200'000 * kSecond);
    EXPECT_EQ(irq.count, 0);
    EXPECT_EQ(read(0x0c) & 0x20, 0);
}

TEST_F(RtcTest, FlagsAreSetWithoutInterrupts)
{
    pass(2 * kSecond);
    EXPECT_EQ(read(0x0c), 0x70) << "the alarm bytes are zero, and midnight has passed";
    EXPECT_FALSE(timers.next_deadline()) << "nothing wakes the machine for them";
    write(0x0b, 0x02);
    pass(kSecond);
    write(0x0b, 0x12);
    EXPECT_TRUE(irq.level) << "enabling what has already happened interrupts at once";
}

TEST_F(RtcTest, RamBanksAndNmiMask)
{
    write(0x40, 0x12);
    rtc.extended_ports().write(0, Width::Byte, 0x40);
    rtc.extended_ports().write(1, Width::Byte, 0x34);
    EXPECT_EQ(read(0x40), 0x12);
    EXPECT_EQ(rtc.extended_ports().read(0, Width::Byte).value, 0x40u);
    EXPECT_EQ(rtc.extended_ports().read(1, Width::Byte).value, 0x34u);
    EXPECT_EQ(rtc.cmos(0xc0), 0x34);
    EXPECT_FALSE(rtc.nmi_masked());
    EXPECT_EQ(read(0x80 | 0x40), 0x12);
    EXPECT_TRUE(rtc.nmi_masked());
    EXPECT_EQ(rtc.ports().read(0, Width::Byte).value, 0xffu);
    EXPECT_EQ(rtc.ports().read(0, Width::Word).status, bus::AccessStatus::BadWidth);
}

TEST_F(RtcTest, FirmwareSetsRamButNoClockRegister)
{
    rtc.set_cmos(0x15, 0x80);
    rtc.set_cmos(0xff, 0x77);
    rtc.set_cmos(0x0b, 0xff);
    rtc.set_cmos(0x00, 0x11);
    EXPECT_EQ(read(0x15), 0x80);
    EXPECT_EQ(rtc.cmos(0xff), 0x77);
    EXPECT_EQ(read(0x0b), 0x02);
    expect_time(0x23, 0x59, 0x59);
}

TEST_F(RtcTest, ResetTurnsInterruptsOffAndKeepsTime)
{
    write(0x0b, 0x72);
    pass(2 * kSecond);
    EXPECT_TRUE(irq.level);
    rtc.reset();
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(read(0x0b), 0x02);
    EXPECT_EQ(rtc.seconds(), kStart + 2);
}

TEST_F(RtcTest, StateRoundTrip)
{
    write(0x0b, 0x42);
    pass(3 * kSecond / 2);
    Edges other;
    Rtc copy{clock, timers, bus::IrqLine{other, 8}, {}};
    copy.load(rtc.state());
    EXPECT_EQ(other.count, 0);
    EXPECT_EQ(copy.seconds(), kStart + 1);
    pass(kSecond / 2);
    EXPECT_EQ(copy.seconds(), kStart + 2);
}

TEST(Calendar, RoundTripsAndClamps)
{
    for (const std::int64_t seconds : {std::int64_t{0}, kStart, std::int64_t{-1}, std::int64_t{-62'000'000'000}}) {
        EXPECT_EQ(to_seconds(from_seconds(seconds)), seconds);
    }
    EXPECT_EQ(from_seconds(std::int64_t{1} << 62).year, 9999);
    EXPECT_EQ(from_seconds(-(std::int64_t{1} << 62)).year, 0);
    EXPECT_EQ(from_seconds(to_seconds({.year = 2023, .month = 2, .day = 31})).month, 3u);
}

TEST_F(RtcTest, SkipsTimeThatPassedElsewhere)
{
    pass(kSecond / 4);
    rtc.skip(3600);
    EXPECT_EQ(rtc.seconds(), kStart + 3600);
    expect_date(0x20, 0x00, 0x02, 0x29);
    expect_time(0x00, 0x59, 0x59);
    pass(kSecond * 3 / 4);
    EXPECT_EQ(rtc.seconds(), kStart + 3601) << "the phase has stayed";
    rtc.skip(-1);
    EXPECT_EQ(rtc.seconds(), kStart + 3600);
    EXPECT_FALSE(told) << "the guest has not set anything";
}

TEST_F(RtcTest, AnAlarmInTimeThatIsSkippedRings)
{
    write(5, 0x00); // 00:30:00
    write(3, 0x30);
    write(1, 0x00);
    write(0x0b, 0x22); // 24 hours, alarm interrupt
    read(0x0c);
    rtc.skip(600);
    EXPECT_FALSE(irq.level);
    rtc.skip(3600);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(read(0x0c) & 0xa0, 0xa0);
    EXPECT_FALSE(irq.level);
}

TEST_F(RtcTest, AClockThatTheGuestHoldsIsNotSkipped)
{
    write(0x0b, 0x82);
    rtc.skip(3600);
    expect_time(0x23, 0x59, 0x59);
}

} // namespace
} // namespace windsor::devices::rtc
