// SPDX-License-Identifier: GPL-2.0-or-later
// Lists of buffers: what is moved, when, and where lists and buffers end.
#include "devices/ac97/ac97_bench.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace windsor::devices::ac97 {

namespace {

using backend::StereoFrame;

constexpr unsigned kOut = reg::kPcmOut;
constexpr unsigned kIn = reg::kPcmIn;
constexpr unsigned kMic = reg::kMicIn;
constexpr std::array<std::uint16_t, 5> kRates{8'000, 11'025, 22'050, 44'100, 48'000};

TEST(Ac97BusMaster, PlaysBuffersOneAfterTheOther)
{
    Ac97Bench bench;
    for (unsigned n = 0; n < 3; ++n) {
        bench.describe(kOut, n, 960);
        bench.fill(n, 480, static_cast<std::int16_t>(480 * n));
    }
    bench.start(kOut, 2);
    EXPECT_EQ(bench.in32(kOut + reg::kCurrent), 0x0000'0200U);
    EXPECT_EQ(bench.in8(kOut + reg::kPrefetched), 1);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 960);
    bench.flow(15 * base::kMillisecond);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 1);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 480);
    bench.flow(20 * base::kMillisecond);
    ASSERT_EQ(bench.listener.heard.size(), 1440U);
    for (std::int16_t i = 0; i < 1440; ++i) {
        EXPECT_EQ(bench.listener.heard.at(static_cast<std::size_t>(i)),
                  (StereoFrame{.left = i, .right = static_cast<std::int16_t>(-i)}));
    }
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 2);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 0);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kComplete | sr::kLastDone | sr::kAtEnd | sr::kHalted);
}

// Whoever listens can put the frames where they belong.
TEST(Ac97BusMaster, RunsOfFramesJoin)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 9600);
    bench.flow(12'345);
    bench.start(kOut, 0);
    bench.flow(base::kSecond);
    ASSERT_GE(bench.listener.runs.size(), 10U) << "while somebody listens, it does not wait for the end of the buffer";
    EXPECT_EQ(bench.listener.heard.size(), 4800U);
    EXPECT_EQ(bench.listener.runs.front().at, 12'345);
    EXPECT_EQ(bench.listener.runs.front().rate, 48'000U);
    for (std::size_t i = 1; i < bench.listener.runs.size(); ++i) {
        EXPECT_LE(bench.listener.runs.at(i).at - bench.listener.runs.at(i - 1).at, Ac97::kLatency);
    }
}

// The same seconds take as long at each rate.
TEST(Ac97BusMaster, TheRateIsTheCodecs)
{
    for (const std::uint16_t rate : kRates) {
        Ac97Bench bench;
        bench.set_codec(mixer::kExtendedControl, mixer::kVariableRate);
        bench.set_codec(mixer::kFrontRate, rate);
        const auto frames = static_cast<std::uint16_t>(rate / 4);
        for (unsigned n = 0; n < 4; ++n) {
            bench.describe(kOut, n, static_cast<std::uint16_t>(2 * frames));
        }
        bench.start(kOut, 3);
        bench.flow(std::int64_t{4} * frames * base::kSecond / rate - 1);
        EXPECT_FALSE(bench.in16(kOut + reg::kStatus) & sr::kLastDone) << rate;
        bench.flow(2);
        EXPECT_TRUE(bench.in16(kOut + reg::kStatus) & sr::kLastDone) << rate;
        EXPECT_EQ(bench.listener.heard.size(), 4U * frames);
        EXPECT_EQ(bench.listener.runs.front().rate, rate);
    }
}

TEST(Ac97BusMaster, HowOftenItIsLookedAtMakesNoDifference)
{
    Ac97Bench bench;
    bench.set_codec(mixer::kExtendedControl, mixer::kVariableRate);
    bench.set_codec(mixer::kFrontRate, 44'100);
    bench.describe(kOut, 0, 60'000);
    bench.start(kOut, 0);
    for (int i = 0; i < 1000; ++i) {
        bench.pass(100'003);
        bench.in16(kOut + reg::kLeft);
    }
    const auto frames = static_cast<unsigned>(100'003'000LL * 44'100 / base::kSecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 60'000 - 2 * frames);
}

TEST(Ac97BusMaster, TheListIsARing)
{
    Ac97Bench bench;
    for (unsigned n = 0; n < 32; ++n) {
        bench.describe(kOut, n, 96);
    }
    bench.start(kOut, 31);
    bench.flow(31 * base::kMillisecond + 1);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 31);
    EXPECT_EQ(bench.in8(kOut + reg::kPrefetched), 0);
    bench.out8(kOut + reg::kLastValid, 1);
    bench.flow(2 * base::kMillisecond);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 1);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus) & sr::kLastDone, 0);
    bench.flow(base::kMillisecond);
    EXPECT_NE(bench.in16(kOut + reg::kStatus) & sr::kLastDone, 0);
    EXPECT_EQ(bench.listener.heard.size(), 34U * 48);
}

// 12.2.3 and 12.2.4: a new last valid index sets it going again, at the next buffer.
TEST(Ac97BusMaster, GoesOnWhenThereIsMore)
{
    Ac97Bench bench;
    for (unsigned n = 0; n < 3; ++n) {
        bench.describe(kOut, n, 96);
        bench.fill(n, 48, static_cast<std::int16_t>(100 * n));
    }
    bench.start(kOut, 0);
    bench.flow(base::kSecond);
    bench.out8(kOut + reg::kLastValid, 0);
    EXPECT_NE(bench.in16(kOut + reg::kStatus) & sr::kHalted, 0) << "that is no new one";
    bench.out8(kOut + reg::kLastValid, 1);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus) & (sr::kHalted | sr::kAtEnd), 0);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 1);
    bench.flow(base::kMillisecond);
    ASSERT_EQ(bench.listener.heard.size(), 96U);
    EXPECT_EQ(bench.listener.heard.at(48).left, 100);
    EXPECT_EQ(bench.listener.runs.back().at, base::kSecond) << "the gap is silent";
}

TEST(Ac97BusMaster, APauseLosesNothing)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 960);
    bench.fill(0, 480, 0);
    bench.start(kOut, 0);
    bench.flow(5 * base::kMillisecond);
    bench.out8(kOut + reg::kControl, cr::kEnables);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kHalted);
    bench.flow(base::kSecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 480);
    bench.out8(kOut + reg::kControl, Ac97Bench::kGo);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 0);
    bench.flow(5 * base::kMillisecond);
    ASSERT_EQ(bench.listener.heard.size(), 480U);
    EXPECT_EQ(bench.listener.heard.back().left, 479);
    EXPECT_NE(bench.in16(kOut + reg::kStatus) & sr::kLastDone, 0);
}

// 12.2.7: all but the enables.
TEST(Ac97BusMaster, AResetIsOfOneOfThem)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 960);
    bench.describe(kIn, 0, 960);
    bench.start(kOut, 5);
    bench.start(kIn, 5);
    bench.flow(base::kMillisecond);
    bench.out8(kOut + reg::kControl, cr::kReset | cr::kCompleteEnable);
    EXPECT_EQ(bench.in8(kOut + reg::kControl), cr::kCompleteEnable);
    EXPECT_EQ(bench.in32(kOut + reg::kList), 0U);
    EXPECT_EQ(bench.in32(kOut + reg::kCurrent), 0x0001'0000U);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 0);
    bench.out8(kOut + reg::kControl, cr::kReset | cr::kRun);
    EXPECT_EQ(bench.in8(kOut + reg::kControl), 0) << "it does not run out of its reset";
    EXPECT_EQ(bench.in8(kIn + reg::kLastValid), 5);
    EXPECT_EQ(bench.in16(kIn + reg::kStatus), 0);
}

// "A value of 0 indicates no sample to process."
TEST(Ac97BusMaster, BuffersWithoutSamplesAreOverAtOnce)
{
    Ac97Bench bench;
    for (unsigned n = 0; n < 4; ++n) {
        bench.describe(kOut, n, n == 2 ? 96 : 0, n == 1 ? bd::kInterrupt : 0);
    }
    bench.start(kOut, 3);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 2);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kComplete);
    EXPECT_TRUE(bench.pin.asserted);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 3);
    EXPECT_NE(bench.in16(kOut + reg::kStatus) & sr::kLastDone, 0);
    EXPECT_EQ(bench.listener.heard.size(), 48U);
}

TEST(Ac97BusMaster, ARingWithoutSamplesEnds)
{
    Ac97Bench bench;
    bench.start(kOut, 31);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 31);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kLastDone | sr::kAtEnd | sr::kHalted);
    EXPECT_FALSE(bench.timers.next_deadline().has_value());
}

// The left channel of the last frame is the last sample; nobody has said what the right one is.
TEST(Ac97BusMaster, AnOddNumberOfSamplesEndsWithinAFrame)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 3);
    bench.describe(kOut, 1, 2);
    bench.fill(0, 2, 7);
    bench.fill(1, 1, 20);
    bench.start(kOut, 1);
    bench.flow(base::kMillisecond);
    const std::vector<StereoFrame> expected{
        {.left = 7, .right = -7}, {.left = 8, .right = 0}, {.left = 20, .right = -20}};
    EXPECT_EQ(bench.listener.heard, expected);
}

TEST(Ac97BusMaster, SixtyFiveThousandSamplesAreOneBuffer)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 0xffff);
    bench.start(kOut, 0);
    bench.flow(base::kSecond);
    EXPECT_EQ(bench.listener.heard.size(), 32'768U);
}

// The guest's silence, where no memory is, is told, and does not stop the rest.
TEST(Ac97BusMaster, WhereThereIsNoMemoryThereIsSilence)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 96, 0);
    bench.put32(Ac97Bench::list_of(kOut), 0x4000'0000);
    bench.describe(kOut, 1, 96);
    bench.fill(1, 48, 5);
    bench.start(kOut, 1);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kFifoError);
    EXPECT_TRUE(bench.pin.asserted);
    EXPECT_NE(bench.card.config_read(6, 2) & kStatusMasterAbort, 0U);
    bench.flow(base::kMillisecond);
    ASSERT_EQ(bench.listener.heard.size(), 96U);
    EXPECT_EQ(bench.listener.heard.at(47), StereoFrame{});
    EXPECT_EQ(bench.listener.heard.at(48).left, 5);
}

TEST(Ac97BusMaster, AListWhereThereIsNoMemoryHasNoSamples)
{
    Ac97Bench bench;
    bench.start(kOut, 4);
    bench.out8(kOut + reg::kControl, cr::kReset);
    bench.out32(kOut + reg::kList, 0x4000'0000);
    bench.out8(kOut + reg::kLastValid, 9);
    bench.out8(kOut + reg::kControl, cr::kRun);
    EXPECT_EQ(bench.in8(kOut + reg::kCurrent), 9);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus), sr::kFifoError | sr::kLastDone | sr::kAtEnd | sr::kHalted);
}

TEST(Ac97BusMaster, AddressesGoOnAtZero)
{
    Ac97Bench bench;
    const auto top = memory::Block::create(memory::kPageSize).value();
    bench.memory.map({.start = base::GuestPhysical{0xffff'f000}, .size = memory::kPageSize, .block = top.get()});
    top->data()[0xffe] = 41;
    bench.put16(0, 42);
    bench.describe(kOut, 0, 4);
    bench.put32(Ac97Bench::list_of(kOut), 0xffff'fffd); // its lowest bit is none of it
    bench.start(kOut, 0);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in16(kOut + reg::kStatus) & sr::kFifoError, 0);
    ASSERT_EQ(bench.listener.heard.size(), 2U);
    EXPECT_EQ(bench.listener.heard.at(0), (StereoFrame{.left = 0, .right = 41}));
    EXPECT_EQ(bench.listener.heard.at(1), (StereoFrame{.left = 42, .right = 0}));
}

// A host that stood still for a second plays no second's worth at once.
TEST(Ac97BusMaster, CatchesUpByALittle)
{
    Ac97Bench bench;
    bench.describe(kOut, 0, 60'000);
    bench.start(kOut, 0);
    bench.pass(base::kSecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 60'000 - 2 * 9600);
    EXPECT_EQ(bench.listener.runs.front().at, base::kSecond - BusMaster::kMostAtOnce);
    bench.pass(base::kMillisecond);
    EXPECT_EQ(bench.in16(kOut + reg::kLeft), 60'000 - 2 * 9648);
}

TEST(Ac97BusMaster, ShortBuffersDoNotKeepTheHostBusy)
{
    Ac97Bench bench{{}};
    for (unsigned n = 0; n < 32; ++n) {
        bench.describe(kOut, n, 1);
    }
    bench.start(kOut, 31);
    EXPECT_EQ(bench.timers.next_deadline(), Ac97::kShortestSleep);
    bench.flow(base::kMillisecond);
    EXPECT_NE(bench.in16(kOut + reg::kStatus) & sr::kLastDone, 0);
}

TEST(Ac97BusMaster, RecordsWhatIsHeard)
{
    Ac97Bench bench;
    bench.set_codec(mixer::kExtendedControl, mixer::kVariableRate);
    bench.set_codec(mixer::kRecordRate, 8'000);
    bench.describe(kIn, 0, 16);
    bench.start(kIn, 0);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kPcmIn | status::kCodecReady);
    for (unsigned i = 0; i < 8; ++i) {
        EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0) + 4 * i), static_cast<int>(i) + 1);
        EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0) + 4 * i + 2), -static_cast<int>(i) - 1);
    }
    EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0) + 32), 0);
}

TEST(Ac97BusMaster, TheMicrophoneHasOneChannel)
{
    Ac97Bench bench;
    bench.describe(kMic, 0, 48);
    bench.start(kMic, 0);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.in32(reg::kGlobalStatus), status::kMicIn | status::kCodecReady);
    EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0)), 1);
    EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0) + 2), 2);
    EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0) + 94), 48);
}

TEST(Ac97BusMaster, WhereNobodyWhistlesSilenceIsRecorded)
{
    Ac97Bench bench{{}};
    bench.fill(0, 8, 1);
    bench.describe(kIn, 0, 8);
    bench.start(kIn, 0);
    bench.flow(base::kMillisecond);
    EXPECT_EQ(bench.sample(Ac97Bench::buffer_of(0) + 14), 0);
    EXPECT_NE(bench.sample(Ac97Bench::buffer_of(0) + 16), 0) << "beyond the buffer's end";
}

} // namespace

} // namespace windsor::devices::ac97
