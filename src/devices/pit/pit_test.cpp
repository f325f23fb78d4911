// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pit/pit.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::pit {
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
    std::int64_t count{0};
};

class PitTest : public testing::Test {
protected:
    void write(unsigned port, unsigned value)
    {
        EXPECT_EQ(pit.write(port, Width::Byte, value), bus::AccessStatus::Ok);
    }
    unsigned read(unsigned port) { return static_cast<unsigned>(pit.read(port, Width::Byte).value); }
    // Mode and count of a counter, low byte then high.
    void program(unsigned counter, unsigned mode, unsigned count, bool bcd = false)
    {
        write(3, counter << 6 | 0x30 | mode << 1 | (bcd ? 1 : 0));
        write(counter, count & 0xff);
        write(counter, count >> 8);
    }
    unsigned latched(unsigned counter)
    {
        write(3, counter << 6);
        const unsigned low = read(counter);
        return read(counter) << 8 | low;
    }
    unsigned status(unsigned counter)
    {
        write(3, 0xe0 | 2u << counter);
        return read(counter);
    }
    // Lets `ticks` pulses of CLK pass: to the middle of the last one's interval.
    void pass(std::int64_t ticks)
    {
        tick += ticks;
        clock.set((tick * kSecond + kSecond / 2) / kFrequency);
        timers.run_due(clock.now());
    }
    // Sleeps from deadline to deadline until `end`, as an idle machine does.
    void sleep_until(base::Nanoseconds end)
    {
        while (timers.next_deadline() && *timers.next_deadline() <= end) {
            clock.set(*timers.next_deadline());
            timers.run_due(clock.now());
        }
        clock.set(end);
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    Edges irq;
    Pit pit{clock, timers, bus::IrqLine{irq, 0}};
    SystemControlPort port61{pit, clock};
    std::int64_t tick{0};
};

TEST_F(PitTest, RateGeneratorDoesNotDrift)
{
    program(0, 2, 11932); // 100 Hz, nearly
    irq.count = 0;        // the control word has raised OUT
    sleep_until(3600 * kSecond);
    // floor of (pulses in an hour, less the one that loads) / 11932
    EXPECT_EQ(irq.count, (3600 * kFrequency - 1) / 11932);
    EXPECT_EQ(pit.lost_edges(), 0u);
}

TEST_F(PitTest, SquareWaveInterruptsOncePerPeriod)
{
    program(0, 3, 0); // 65,536: 18.2 Hz, as firmware sets it
    irq.count = 0;
    sleep_until(60 * kSecond);
    EXPECT_EQ(irq.count, (60 * kFrequency - 1) / 65536);
}

// A guest whose timer interrupt can be seen to wait, and a timer that makes up for what it could not take.
class DeliveringPitTest : public testing::Test {
protected:
    class Latch final : public bus::IrqSink {
    public:
        void set_irq(unsigned, bool level) override
        {
            edges += level ? 1 : 0;
            state = level && state == chipset::TickState::Taken ? chipset::TickState::Pending : state;
        }
        chipset::TickState state{chipset::TickState::Taken};
        int edges{0};
    };
    DeliveringPitTest()
    {
        program(1193); // about 1 kHz
        latch.state = chipset::TickState::Taken;
        latch.edges = 0;
    }
    void program(unsigned count)
    {
        pit.write(3, Width::Byte, 0x34);
        pit.write(0, Width::Byte, count & 0xff);
        pit.write(0, Width::Byte, count >> 8);
    }
    void run_until(base::Nanoseconds end)
    {
        while (timers.next_deadline() && *timers.next_deadline() <= end) {
            clock.set(*timers.next_deadline());
            timers.run_due(clock.now());
        }
        clock.set(end);
    }
    // As the processor does: INTA, then the end of what the guest does about it.
    void take()
    {
        latch.state = chipset::TickState::Taken;
        pit.interrupt_taken();
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    Latch latch;
    Pit pit{clock, timers, bus::IrqLine{latch, 0}, {.missed = chipset::MissedTicks::Deliver, .tick_state = [this] {
                                                        return latch.state;
                                                    }}};
};

TEST_F(DeliveringPitTest, OwesWhatTheGuestCouldNotTake)
{
    run_until(10 * kMillisecond + kMillisecond / 2); // ten rises, interrupts off
    EXPECT_EQ(latch.edges, 1);
    for (int i = 0; i < 9; ++i) {
        take();
        EXPECT_EQ(latch.state, chipset::TickState::Pending) << i;
    }
    EXPECT_EQ(latch.edges, 10);
    take();
    EXPECT_EQ(latch.state, chipset::TickState::Taken) << "nothing is owed any more";
    EXPECT_EQ(pit.lost_edges(), 0u);
    run_until(11 * kMillisecond + kMillisecond / 2);
    EXPECT_EQ(latch.edges, 11) << "the true rises have not moved";
}

TEST_F(DeliveringPitTest, OwesForALateHostToo)
{
    clock.set(50 * kMillisecond + kMillisecond / 2);
    timers.run_due(clock.now());
    while (latch.state == chipset::TickState::Pending) {
        take();
    }
    EXPECT_EQ(latch.edges, 50);
}

TEST_F(DeliveringPitTest, NeverOwesMoreThanASecond)
{
    run_until(3600 * kSecond);
    while (latch.state == chipset::TickState::Pending) {
        take();
    }
    EXPECT_EQ(latch.edges, 1 + 1000);
    EXPECT_GT(pit.lost_edges(), 3'500'000u);
}

TEST_F(DeliveringPitTest, OwesNothingToAGuestThatHasMaskedItOrSetItAnew)
{
    run_until(10 * kMillisecond);
    program(1193);
    take();
    const int edges = latch.edges;
    take();
    EXPECT_EQ(latch.edges, edges);
    latch.state = chipset::TickState::Pending;
    run_until(20 * kMillisecond);
    latch.state = chipset::TickState::Unwanted;
    pit.interrupt_taken();
    take();
    EXPECT_EQ(latch.state, chipset::TickState::Taken);
}

TEST_F(PitTest, LateHostGetsOneEdgeAndTheRestIsCounted)
{
    program(0, 2, 1193); // about 1 kHz
    irq.count = 0;
    clock.set(50 * kMillisecond);
    timers.run_due(clock.now());
    EXPECT_EQ(irq.count, 1);
    EXPECT_EQ(pit.lost_edges(), 49u);
    ASSERT_TRUE(timers.next_deadline());
    EXPECT_GT(*timers.next_deadline(), clock.now());
    EXPECT_LE(*timers.next_deadline(), clock.now() + kMillisecond);
}

TEST_F(PitTest, RateGeneratorCountsDownToOne)
{
    program(2, 2, 5);
    pit.set_gate(2, true);
    pass(1);
    for (const unsigned expected : {5u, 4u, 3u, 2u, 1u, 5u, 4u}) {
        EXPECT_EQ(latched(2), expected);
        EXPECT_EQ(pit.out(2), expected != 1);
        pass(1);
    }
}

TEST_F(PitTest, SquareWaveCountsByTwo)
{
    pit.set_gate(2, true);
    program(2, 3, 6);
    pass(1);
    for (const auto& [count, out] :
         {std::pair{6u, true}, {4u, true}, {2u, true}, {6u, false}, {4u, false}, {2u, false}}) {
        EXPECT_EQ(latched(2), count);
        EXPECT_EQ(pit.out(2), out);
        pass(1);
    }
    EXPECT_TRUE(pit.out(2));
}

TEST_F(PitTest, OddSquareWaveIsHighLonger)
{
    pit.set_gate(2, true);
    program(2, 3, 5);
    pass(1);
    for (const auto& [count, out] :
         {std::pair{4u, true}, {2u, true}, {0u, true}, {4u, false}, {2u, false}, {4u, true}}) {
        EXPECT_EQ(latched(2), count);
        EXPECT_EQ(pit.out(2), out);
        pass(1);
    }
}

TEST_F(PitTest, TerminalCountInterruptsOnce)
{
    program(0, 0, 1000);
    EXPECT_FALSE(irq.level);
    pass(1000);
    EXPECT_FALSE(irq.level);
    pass(1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(irq.count, 1);
    EXPECT_EQ(latched(0), 0u);
    pass(1);
    EXPECT_EQ(latched(0), 0xffffu) << "it counts on";
    pass(100'000);
    EXPECT_EQ(irq.count, 1);
    write(0, 10); // the first byte lowers OUT and stops the count
    EXPECT_FALSE(irq.level);
    pass(5000);
    EXPECT_FALSE(irq.level);
    write(0, 0);
    pass(11);
    EXPECT_TRUE(irq.level);
}

TEST_F(PitTest, GatePausesModeZero)
{
    pit.set_gate(2, true);
    program(2, 0, 100);
    pass(1 + 30);
    pit.set_gate(2, false);
    EXPECT_EQ(latched(2), 70u);
    pass(1000);
    EXPECT_EQ(latched(2), 70u);
    pit.set_gate(2, true);
    pass(69);
    EXPECT_FALSE(pit.out(2));
    pass(1);
    EXPECT_TRUE(pit.out(2));
}

TEST_F(PitTest, OneShotStartsWithTheGateAndCanBeRetriggered)
{
    program(2, 1, 10);
    EXPECT_TRUE(pit.out(2));
    pass(100);
    EXPECT_TRUE(pit.out(2));
    pit.set_gate(2, true);
    pass(5);
    EXPECT_FALSE(pit.out(2));
    pit.set_gate(2, false);
    pit.set_gate(2, true);
    pass(10);
    EXPECT_FALSE(pit.out(2));
    pass(1);
    EXPECT_TRUE(pit.out(2));
}

TEST_F(PitTest, GateStopsAndRestartsTheRateGenerator)
{
    pit.set_gate(2, true);
    program(2, 2, 10);
    pass(1 + 9);
    EXPECT_FALSE(pit.out(2));
    pit.set_gate(2, false);
    EXPECT_TRUE(pit.out(2)) << "a low gate sets OUT high at once";
    pass(1000);
    EXPECT_TRUE(pit.out(2));
    pit.set_gate(2, true);
    pass(1 + 8);
    EXPECT_TRUE(pit.out(2));
    pass(1);
    EXPECT_FALSE(pit.out(2));
}

TEST_F(PitTest, SoftwareStrobeIsLowForOnePulse)
{
    program(0, 4, 50);
    const auto before = irq.count;
    pass(1 + 49);
    EXPECT_TRUE(pit.out(0));
    pass(1);
    EXPECT_FALSE(pit.out(0));
    pass(1);
    EXPECT_TRUE(pit.out(0));
    EXPECT_EQ(irq.count, before + 1);
    pass(200'000);
    EXPECT_EQ(irq.count, before + 1);
}

TEST_F(PitTest, HardwareStrobeWaitsForTheGate)
{
    program(2, 5, 7);
    pass(50);
    EXPECT_TRUE(pit.out(2));
    pit.set_gate(2, true);
    pass(8);
    EXPECT_FALSE(pit.out(2));
    pass(1);
    EXPECT_TRUE(pit.out(2));
}

TEST_F(PitTest, NewRateWaitsForThePeriodsEnd)
{
    pit.set_gate(2, true);
    program(2, 2, 100);
    pass(1 + 350);
    write(2, 10);
    write(2, 0);
    EXPECT_EQ(status(2) & 0x40, 0x40u) << "null count until it is loaded";
    pass(49);
    EXPECT_EQ(latched(2), 1u);
    pass(1);
    EXPECT_EQ(latched(2), 10u);
    EXPECT_EQ(status(2) & 0x40, 0u);
    pass(10);
    EXPECT_EQ(latched(2), 10u);
}

TEST_F(PitTest, NewSquareWaveWaitsForTheHalfsEnd)
{
    program(0, 3, 1000);
    pass(1 + 200);
    irq.count = 0;
    write(0, 20);
    write(0, 0);
    pass(300 + 9); // the high half of 1,000, then the low half of 20 but one
    EXPECT_EQ(irq.count, 0);
    pass(1);
    EXPECT_EQ(irq.count, 1);
    pass(20);
    EXPECT_EQ(irq.count, 2);
}

TEST_F(PitTest, LatchHoldsUntilRead)
{
    pit.set_gate(2, true);
    program(2, 2, 0x1234);
    pass(1);
    write(3, 0x80);
    pass(100);
    write(3, 0x80); // ignored: the first latch has not been read
    EXPECT_EQ(read(2), 0x34u);
    EXPECT_EQ(read(2), 0x12u);
    EXPECT_EQ(latched(2), 0x1234u - 100);
}

TEST_F(PitTest, ReadBackGivesStatusThenCount)
{
    pit.set_gate(2, true);
    program(2, 3, 0x2000);
    EXPECT_EQ(status(2), 0xf6u) << "OUT, null count, both bytes, mode 3";
    pass(1);
    write(3, 0xc8);
    EXPECT_EQ(read(2), 0xb6u);
    EXPECT_EQ(read(2), 0x00u);
    EXPECT_EQ(read(2), 0x20u);
}

TEST_F(PitTest, BcdCounts)
{
    pit.set_gate(2, true);
    program(2, 2, 0x1000, true);
    pass(1 + 1);
    EXPECT_EQ(latched(2), 0x0999u);
    program(2, 0, 0, true); // 10,000
    pass(1);
    EXPECT_EQ(latched(2), 0x0000u);
    pass(1);
    EXPECT_EQ(latched(2), 0x9999u);
}

TEST_F(PitTest, SingleByteAccessModes)
{
    pit.set_gate(2, true);
    write(3, 0x94); // low byte only, mode 2
    write(2, 200);
    pass(1 + 50);
    EXPECT_EQ(read(2), 150u);
    EXPECT_EQ(read(2), 150u);
    write(3, 0xa4); // high byte only
    write(2, 0x12);
    pass(1);
    EXPECT_EQ(read(2), 0x12u);
    pass(1);
    EXPECT_EQ(read(2), 0x11u);
}

TEST_F(PitTest, CountOfOneIsTakenAsTwo)
{
    program(0, 2, 1);
    clock.set(kMillisecond);
    timers.run_due(clock.now());
    EXPECT_GT(*timers.next_deadline(), clock.now());
}

TEST_F(PitTest, Port61GatesCounterTwoAndShowsItsOut)
{
    EXPECT_EQ(port61.write(0, Width::Byte, 0x01), bus::AccessStatus::Ok);
    program(2, 0, 0x4a9); // 1 ms, as Linux calibrates its TSC
    EXPECT_EQ(port61.read(0, Width::Byte).value & 0x21, 0x01u);
    pass(0x4a9);
    EXPECT_EQ(port61.read(0, Width::Byte).value & 0x20, 0x00u);
    pass(1);
    EXPECT_EQ(port61.read(0, Width::Byte).value & 0x20, 0x20u);
    EXPECT_EQ(port61.write(0, Width::Byte, 0xfe), bus::AccessStatus::Ok);
    EXPECT_EQ(port61.read(0, Width::Byte).value & 0xcf, 0x0eu);
    EXPECT_FALSE(pit.gate(2));
}

TEST_F(PitTest, RefreshBitToggles)
{
    int changes = 0;
    std::uint64_t last = port61.read(0, Width::Byte).value & 0x10;
    for (int i = 0; i < 1000; ++i) {
        clock.advance(kMicrosecond);
        const std::uint64_t now = port61.read(0, Width::Byte).value & 0x10;
        changes += now != last ? 1 : 0;
        last = now;
    }
    EXPECT_EQ(changes, 66);
}

TEST_F(PitTest, StateRoundTrip)
{
    program(0, 2, 5000);
    pass(1 + 1234);
    Edges other;
    Pit copy{clock, timers, bus::IrqLine{other, 0}};
    copy.load(pit.state());
    EXPECT_EQ(other.count, 0) << "taking over a level makes no edge";
    copy.write(3, Width::Byte, 0x00);
    EXPECT_EQ(copy.read(0, Width::Byte).value, (5000 - 1234) & 0xffu);
    EXPECT_EQ(copy.read(0, Width::Byte).value, (5000u - 1234) >> 8);
    pass(5000 - 1234);
    EXPECT_EQ(other.count, 1);
}

// A forged state, whose pending count is loaded at once, at a tick that is before all others.
TEST_F(PitTest, WhatFollowsFromAStateIsOneThatIsTaken)
{
    constexpr Tick kFarthest = Tick{1} << 52;
    Pit::State state = pit.state();
    Counter::State& counter = state.counters[0];
    counter.mode = Mode::RateGenerator;
    counter.gate = counter.loaded = counter.counting = counter.has_pending = true;
    counter.period = 2;
    counter.since = -kFarthest;
    counter.elapsed = kFarthest;
    pit.load(state);
    pass(10);
    pit.settle();
    const Pit::State after = pit.state();
    pit.load(after);
    EXPECT_EQ(pit.state().counters[0].since, after.counters[0].since);
}

} // namespace
} // namespace windsor::devices::pit
