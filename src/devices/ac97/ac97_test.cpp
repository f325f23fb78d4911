// SPDX-License-Identifier: GPL-2.0-or-later
// Registers, interrupts, resets and saved states of the controller; bus_master_test.cpp has its lists of buffers.
#include "devices/ac97/ac97_bench.hpp"
#include "devices/ac97/saved_state.hpp"
#include "state/filler.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::ac97 {

namespace {

using bus::Width;

constexpr unsigned kOut = reg::kPcmOut;

TEST(Ac97, IsAnIntelCard)
{
    Ac97Bench bench;
    EXPECT_EQ(bench.card.config_read(0x00, 4), 0x2415'8086U);
    EXPECT_EQ(bench.card.config_read(0x08, 4), 0x0401'0001U);
    EXPECT_EQ(bench.card.config_read(0x2c, 4), 0x0000'8086U);
    EXPECT_EQ(bench.card.config_read(0x3d, 1), 1U);
    bench.card.config_write(0x10, 4, 0xffff'ffff);
    EXPECT_EQ(bench.card.config_read(0x10, 4), 0xffff'ff01U);
    bench.card.config_write(0x14, 4, 0xffff'ffff);
    EXPECT_EQ(bench.card.config_read(0x14, 4), 0xffff'ffc1U);
}

TEST(Ac97, RegistersAfterAReset)
{
    Ac97Bench bench;
    bench.start(kOut, 3);
    bench.card.reset();
    for (const unsigned channel : {reg::kPcmIn, reg::kPcmOut, reg::kMicIn}) {
        EXPECT_EQ(bench.in32(channel + reg::kList), 0U);
        EXPECT_EQ(bench.in32(channel + reg::kCurrent), 0x0001'0000U) << "halted";
        EXPECT_EQ(bench.in32(channel + reg::kLeft) & 0xff00'ffff, 0U);
    }
    EXPECT_EQ(bench.in32(reg::kGlobalControl), 0U);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), 0U);
    EXPECT_FALSE(bench.timers.next_deadline().has_value());
}

// 12.2.8: while the link is in reset or shut off, no codec answers.
TEST(Ac97, TheCodecAnswersOutOfResetOnly)
{
    Ac97Bench bench;
    bench.card.reset();
    EXPECT_EQ(bench.codec(mixer::kVendorId1), 0xffff);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kReadTimedOut);
    bench.out32(reg::kGlobalStatus, status::kReadTimedOut);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), 0U);
    bench.out32(reg::kGlobalControl, control::kRunning);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kCodecReady);
    EXPECT_EQ(bench.codec(mixer::kVendorId1), 0x8384);
    bench.set_codec(mixer::kMaster, 0x0101);
    bench.out32(reg::kGlobalControl, control::kRunning | control::kWarmReset);
    EXPECT_EQ(bench.in32(reg::kGlobalControl), control::kRunning) << "over at once";
    EXPECT_EQ(bench.codec(mixer::kMaster), 0x0101);
    bench.out32(reg::kGlobalControl, control::kRunning | control::kLinkOff);
    bench.set_codec(mixer::kMaster, 0x0202);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), 0U);
    bench.out32(reg::kGlobalControl, control::kRunning);
    EXPECT_EQ(bench.codec(mixer::kMaster), 0x0101);
    bench.out32(reg::kGlobalControl, 0);
    bench.out32(reg::kGlobalControl, control::kRunning);
    EXPECT_EQ(bench.codec(mixer::kMaster), 0x8000);
    EXPECT_EQ(bench.codec(0x80), 0xffff) << "there is no secondary codec";
    EXPECT_NE(bench.in32(reg::kGlobalStatus) & status::kReadTimedOut, 0U);
}

// 12.2.10.
TEST(Ac97, TheSemaphoreIsHadByOneAtATime)
{
    Ac97Bench bench;
    EXPECT_EQ(bench.in8(reg::kSemaphore), 0);
    EXPECT_EQ(bench.in8(reg::kSemaphore), 1);
    bench.codec(mixer::kMaster);
    EXPECT_EQ(bench.in8(reg::kSemaphore), 0);
    bench.set_codec(mixer::kMaster, 0);
    EXPECT_EQ(bench.in8(reg::kSemaphore), 0);
}

TEST(Ac97, ServesEveryWidthAtEveryOffset)
{
    Ac97Bench bench;
    bench.card.mixer().write(mixer::kMaster, Width::Dword, 0x0807'0102);
    EXPECT_EQ(bench.codec(mixer::kMaster), 0x0102);
    bench.card.mixer().write(mixer::kPcmOut + 1, Width::Byte, 0x03);
    EXPECT_EQ(bench.codec(mixer::kPcmOut), 0x0308);
    EXPECT_EQ(bench.card.mixer().read(mixer::kPcmOut + 1, Width::Byte).value, 0x03U);
    EXPECT_EQ(bench.card.mixer().read(mixer::kVendorId1, Width::Dword).value, 0x7600'8384U);
    bench.out32(kOut + reg::kList, 0xffff'ffff);
    EXPECT_EQ(bench.in32(kOut + reg::kList), kListAddress);
    bench.out8(kOut + reg::kList + 1, 0x12);
    EXPECT_EQ(bench.in32(kOut + reg::kList), 0xffff'12f8U);
    bench.out32(kOut + reg::kCurrent, 0xffff'ffff);
    EXPECT_EQ(bench.in32(kOut + reg::kCurrent), 0x0001'1f00U) << "only the last valid index was written";
    bench.out32(kOut + reg::kLeft, 0xfcff'ffff);
    EXPECT_EQ(bench.in32(kOut + reg::kLeft), std::uint32_t{cr::kEnables} << 24);
    bench.out32(reg::kGlobalStatus, 0xffff'ffff);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kPowerSemaphores | status::kCodecReady);
    for (const Width width : {Width::Byte, Width::Word, Width::Dword}) {
        for (unsigned offset = 0; offset + bus::bytes(width) <= kMasterBytes; ++offset) {
            bench.in(offset, width);
            bench.card.masters().write(offset, width, 0xffff'ffff);
        }
        for (unsigned offset = 0; offset + bus::bytes(width) <= kMixerBytes; ++offset) {
            bench.card.mixer().read(offset, width);
            bench.card.mixer().write(offset, width, 0xffff'ffff);
        }
    }
    bench.flow(base::kSecond);
}

// Each cause has its enable, and its bit goes by a one.
TEST(Ac97, InterruptsComeAndGo)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 96);
    bench.describe(kOut, 1, 96);
    bench.start(kOut, 1, cr::kRun | cr::kCompleteEnable);
    bench.flow(base::kMillisecond - 1);
    EXPECT_FALSE(bench.pin.asserted);
    bench.flow(1);
    EXPECT_TRUE(bench.pin.asserted) << "48 frames at 48 kHz are a millisecond";
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kPcmOut | status::kCodecReady);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kComplete);
    bench.out16(kOut + reg::kStatus, sr::kLastDone);
    EXPECT_TRUE(bench.pin.asserted) << "that is another cause";
    bench.out16(kOut + reg::kStatus, sr::kComplete);
    EXPECT_FALSE(bench.pin.asserted);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kCodecReady);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kComplete | sr::kLastDone | sr::kAtEnd | sr::kHalted);
    bench.out16(kOut + reg::kStatus, sr::kComplete);
    EXPECT_FALSE(bench.pin.asserted) << "the end of the last valid buffer is not enabled";
    bench.out8(kOut + reg::kControl, cr::kRun | cr::kLastEnable);
    EXPECT_TRUE(bench.pin.asserted);
    bench.out16(kOut + reg::kStatus, sr::kLastDone);
    EXPECT_FALSE(bench.pin.asserted);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kAtEnd | sr::kHalted) << "which is a state, and no event";
}

TEST(Ac97, ABufferThatDoesNotAskForItIsNotTold)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 96, 0);
    bench.describe(kOut, 1, 96);
    bench.start(kOut, 2);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 1);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), 0);
    bench.flow(base::kMillisecond);
    EXPECT_NE(bench.in16(kOut + reg::kStatus) & sr::kComplete, 0);
    EXPECT_EQ(bench.pin.rises, 1U);
}

TEST(Ac97, WithoutTheBusNothingMoves)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 9600);
    bench.start(kOut, 0);
    bench.flow(10 * base::kMillisecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 9600 - 960);
    bench.card.config_write(4, 2, pci::kCommandIo);
    EXPECT_FALSE(bench.timers.next_deadline().has_value());
    const std::size_t heard = bench.listener.heard.size();
    bench.flow(base::kSecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 9600 - 960);
    EXPECT_EQ(bench.listener.heard.size(), heard);
    bench.card.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 9600 - 960) << "nothing is caught up on";
    bench.flow(10 * base::kMillisecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 9600 - 1920);
}

TEST(Ac97, AStoppedLinkStopsTheSamples)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 9600);
    bench.start(kOut, 0);
    bench.out32(reg::kGlobalControl, 0);
    EXPECT_FALSE(bench.timers.next_deadline().has_value());
    bench.flow(base::kSecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 9600);
}

// Whoever does not use the card does not pay for it.
TEST(Ac97, HasATimerOnlyWhileSamplesMove)
{
    Ac97Bench bench;
    EXPECT_FALSE(bench.timers.next_deadline().has_value());
    bench.describe(kOut, 0, 96);
    bench.start(kOut, 0);
    EXPECT_TRUE(bench.timers.next_deadline().has_value());
    bench.flow(base::kSecond);
    EXPECT_FALSE(bench.timers.next_deadline().has_value());
}

TEST(Ac97, WithoutAListenerItSleepsLonger)
{
    Ac97Bench bench{{}};
    bench.describe(kOut, 0, 48'000);
    bench.start(kOut, 0);
    EXPECT_EQ(bench.timers.next_deadline(), Ac97::kLongestSleep);
    bench.flow(base::kSecond / 2 - 1);
    EXPECT_FALSE(bench.pin.asserted);
    bench.flow(1);
    EXPECT_TRUE(bench.pin.asserted);
}

TEST(Ac97, GoesOnInTheMiddleOfABufferWhenLoaded)
{
    Ac97Bench first;
    first.describe(kOut, 0, 960);
    first.describe(kOut, 1, 960);
    first.fill(0, 480, 0);
    first.start(kOut, 1);
    first.flow(5 * base::kMillisecond + 7);
    first.card.settle();
    EXPECT_EQ(first.listener.heard.size(), 240U);

    Ac97Bench second;
    second.clock.set(first.clock.now());
    std::ranges::copy(first.bytes(0, Ac97Bench::kMemoryBytes), second.bytes(0, Ac97Bench::kMemoryBytes).begin());
    second.card.load(first.card.state());
    for (Ac97Bench* const bench : {&first, &second}) {
        bench->listener.heard.clear();
        bench->flow(5 * base::kMillisecond - 8);
        EXPECT_FALSE(bench->pin.asserted);
        bench->flow(1);
        EXPECT_TRUE(bench->pin.asserted);
        EXPECT_EQ(bench->in8(kOut + reg::kCurrent), 1);
    }
    EXPECT_EQ(first.listener.heard, second.listener.heard);
    EXPECT_EQ(second.listener.heard.front().left, 240);
}

TEST(Ac97, AnInterruptThatIsDueIsDueWhenLoaded)
{
    Ac97Bench first;
    first.describe(kOut, 0, 96);
    first.start(kOut, 0);
    first.flow(base::kSecond);
    ASSERT_TRUE(first.pin.asserted);
    Ac97Bench second;
    second.clock.set(first.clock.now());
    auto forged = first.card.state();
    forged.pci.interrupt = false;
    second.card.load(forged);
    EXPECT_EQ(second.pin.rises, 0U) << "loading makes no edge";
    EXPECT_TRUE(second.card.interrupt());
    second.out16(kOut + reg::kStatus, sr::kClearByOne);
    EXPECT_FALSE(second.card.interrupt());
}

TEST(Ac97, WorksOnFromForgedStates)
{
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Ac97Bench bench;
        bench.clock.set(base::kSecond);
        auto state = state::filled<Ac97::State>(seed);
        state.pci = bench.card.Function::state();
        state.control = control::kRunning;
        for (BusMaster::State& channel : state.channels) {
            channel.control |= cr::kRun;
        }
        bench.card.load(state);
        for (int round = 0; round < 20; ++round) {
            bench.pass(10 * base::kMillisecond);
            bench.in32(kOut + reg::kCurrent);
        }
        bench.card.settle();
        const auto now = bench.card.state();
        bench.card.load(now);
        EXPECT_EQ(state::difference(state::pack(now), state::pack(bench.card.state())), "") << seed;
    }
}

} // namespace

} // namespace windsor::devices::ac97
