// SPDX-License-Identifier: GPL-2.0-or-later
// C mode: four transmit buffers, one for all that is received.
#include "backend/frame.hpp"
#include "devices/rtl8139/rtl8139_bench.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace windsor::devices::rtl8139 {
namespace {

constexpr std::uint32_t kBuffer = 0x10000;
constexpr backend::MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

Frame frame_to(const backend::MacAddress& to, std::size_t size)
{
    Frame frame(size);
    std::iota(frame.begin(), frame.end(), std::uint8_t{0});
    std::ranges::copy(to, frame.begin());
    return frame;
}

Frame padded(Frame frame)
{
    frame.resize(std::max(frame.size(), std::size_t{60}));
    return frame;
}

class Rtl8139Buffers : public testing::Test {
protected:
    Rtl8139Buffers()
    {
        b.out8(0x37, 0x0c);
        b.out32(0x30, kBuffer);
        b.out32(0x44, 0x0a); // own and broadcast addresses, 8 KiB
        b.out16(0x3c, 0xffff);
    }

    void transmit(unsigned index, const Frame& frame)
    {
        b.put(0x1000 * (index + 1), frame);
        b.out32(0x20 + 4 * index, 0x1000 * (index + 1));
        b.out32(0x10 + 4 * index, static_cast<std::uint32_t>(frame.size()) | 8 << 16);
    }
    // What lies at an offset of the buffer has to be that frame, with that status.
    void expect_received(std::size_t at, const Frame& frame, std::uint32_t status)
    {
        const Frame whole = padded(frame);
        EXPECT_EQ(b.memory32(kBuffer + at), (whole.size() + 4) << 16 | status);
        EXPECT_EQ(b.get(kBuffer + at + 4, whole.size()), whole);
        EXPECT_EQ(b.memory32(kBuffer + at + 4 + whole.size()), backend::frame_crc(whole));
    }
    bool empty() { return (b.in8(0x37) & 1) != 0; }

    Bench b;
};

TEST_F(Rtl8139Buffers, AFrameIsSentWhenItsDescriptorIsHandedOver)
{
    const Frame frame = frame_to(kBroadcast, 100);
    transmit(0, frame);
    EXPECT_EQ(b.link.sent, Frames{frame});
    EXPECT_EQ(b.in32(0x10), 0xa000U | 8 << 16 | 100);
    EXPECT_TRUE(b.line.asserted);
    EXPECT_EQ(b.in16(0x3e), 4U);
    b.out16(0x3e, 4);
    EXPECT_FALSE(b.line.asserted);
}

TEST_F(Rtl8139Buffers, AllFourDescriptorsCanBeUsedInTurn)
{
    EXPECT_EQ(b.in16(0x60), 0x000fU);
    std::vector<Frame> frames;
    for (unsigned i = 0; i < 9; ++i) {
        frames.push_back(frame_to(kBroadcast, 60 + i));
        transmit(i % 4, frames.back());
    }
    EXPECT_EQ(b.link.sent, frames);
    EXPECT_EQ(b.in16(0x60), 0xf00fU);
}

TEST_F(Rtl8139Buffers, ShortFramesAreSentAsTheyAre)
{
    transmit(0, frame_to(kBroadcast, 20));
    EXPECT_EQ(b.link.sent.at(0).size(), 20U);
    transmit(1, frame_to(kBroadcast, 13));
    EXPECT_EQ(b.link.sent.size(), 1U) << "no frame at all";
    EXPECT_EQ(b.in32(0x14) & 0x8000, 0x8000U);
}

TEST_F(Rtl8139Buffers, FramesWaitForTheTransmitter)
{
    b.out8(0x37, 0x08);
    transmit(2, frame_to(kBroadcast, 64));
    EXPECT_EQ(b.in16(0x60), 0x000bU);
    EXPECT_TRUE(b.link.sent.empty());
    b.out8(0x37, 0x0c);
    EXPECT_EQ(b.link.sent.size(), 1U);
    EXPECT_EQ(b.in16(0x60), 0x400fU);
}

TEST_F(Rtl8139Buffers, FramesWaitForTheBus)
{
    b.card.config_write(4, 2, 3);
    transmit(1, frame_to(kBroadcast, 64));
    EXPECT_TRUE(b.link.sent.empty());
    b.card.config_write(4, 2, 7);
    EXPECT_EQ(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Buffers, WithoutACarrierFramesAreLost)
{
    b.card.set_carrier(false);
    transmit(0, frame_to(kBroadcast, 64));
    EXPECT_TRUE(b.link.sent.empty());
    EXPECT_EQ(b.in32(0x10) & 0xe000e000, 0x8000a000U);
}

TEST_F(Rtl8139Buffers, MemoryThatIsNotThereIsASystemError)
{
    b.out32(0x20, 0xf0000000);
    b.out32(0x10, 100);
    EXPECT_TRUE(b.link.sent.empty());
    EXPECT_EQ(b.in32(0x10), 0x6000U | 100);
    EXPECT_EQ(b.in16(0x3e), 0x8008U);
    EXPECT_EQ(b.in16(0x60), 0x010fU);
    EXPECT_EQ(b.card.config_read(6, 2) & 0x2000, 0x2000U);
}

TEST_F(Rtl8139Buffers, ADriverMayMakeTheFrameCheckItself)
{
    b.out32(0x40, 1 << 16);
    Frame frame = frame_to(kBroadcast, 70);
    const Frame without = frame;
    const std::uint32_t check = backend::frame_crc(frame);
    for (unsigned i = 0; i < 4; ++i) {
        frame.push_back(static_cast<std::uint8_t>(check >> (8 * i)));
    }
    transmit(0, frame);
    EXPECT_EQ(b.link.sent, Frames{without});
    frame.back() ^= 1;
    transmit(1, frame);
    EXPECT_EQ(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Buffers, LoopbackLeadsToTheReceiverAndNotToTheWire)
{
    b.out32(0x40, 3 << 17);
    const Frame frame = frame_to(kMac, 80);
    transmit(0, frame);
    EXPECT_TRUE(b.link.sent.empty());
    expect_received(0, frame, 0x4001);
    EXPECT_TRUE(b.card.receive(frame));
    EXPECT_EQ(b.in16(0x3a), 88U) << "nothing from the wire";
    EXPECT_EQ(b.in16(0x3e), 5U);
}

TEST_F(Rtl8139Buffers, AFrameIsReceivedWithHeaderAndCheck)
{
    EXPECT_TRUE(empty());
    const Frame frame = frame_to(kMac, 101);
    EXPECT_TRUE(b.card.receive(frame));
    EXPECT_FALSE(empty());
    EXPECT_TRUE(b.line.asserted);
    EXPECT_EQ(b.in16(0x3e), 1U);
    expect_received(0, frame, 0x4001);
    EXPECT_EQ(b.in16(0x3a), 112U) << "109 bytes, rounded up";
    b.out16(0x38, 112 - 16);
    EXPECT_TRUE(empty());
    EXPECT_EQ(b.in16(0x38), 96U);
    b.card.receive(frame_to(kBroadcast, 60));
    expect_received(112, frame_to(kBroadcast, 60), 0x2001);
}

TEST_F(Rtl8139Buffers, ShortFramesArePaddedAsOnAWire)
{
    const Frame frame = frame_to(kMac, 14);
    b.card.receive(frame);
    expect_received(0, frame, 0x4001);
    EXPECT_EQ(b.memory32(kBuffer) >> 16, 64U);
}

TEST_F(Rtl8139Buffers, OnlyWantedFramesAreTaken)
{
    const backend::MacAddress other{0x00, 0x16, 0x3e, 0, 0, 1};
    const backend::MacAddress group{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};
    const auto taken = [&](std::uint32_t accept, const backend::MacAddress& to) {
        b.out8(0x37, 0x04);
        b.out8(0x37, 0x0c);
        b.out32(0x44, accept);
        EXPECT_TRUE(b.card.receive(frame_to(to, 60)));
        return !empty();
    };
    EXPECT_FALSE(taken(0x00, kMac));
    EXPECT_TRUE(taken(0x02, kMac));
    EXPECT_TRUE(taken(0x01, kMac));
    EXPECT_FALSE(taken(0x0e, other));
    EXPECT_TRUE(taken(0x01, other));
    EXPECT_EQ(b.memory32(kBuffer) & 0xffff, 1U);
    EXPECT_FALSE(taken(0x07, kBroadcast));
    EXPECT_TRUE(taken(0x08, kBroadcast));
    b.out32(8, 0xffffffff);
    b.out32(12, 0xffffffff);
    EXPECT_FALSE(taken(0x0b, group));
    EXPECT_TRUE(taken(0x04, group));
    EXPECT_EQ(b.memory32(kBuffer) & 0xffff, 0x8001U);
    // Linux: ether_crc(01:00:5e:00:00:01) >> 26 is 31.
    b.out32(8, 0x80000000);
    b.out32(12, 0);
    EXPECT_TRUE(taken(0x04, group));
    b.out32(8, 0x7fffffff);
    b.out32(12, 0xffffffff);
    EXPECT_FALSE(taken(0x04, group));
}

TEST_F(Rtl8139Buffers, NothingIsTakenWhileTheReceiverIsOffOrTheCablePulled)
{
    b.out8(0x37, 0x04);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 60)));
    EXPECT_TRUE(empty());
    b.out8(0x37, 0x0c);
    b.card.set_carrier(false);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 60)));
    EXPECT_TRUE(empty());
}

TEST_F(Rtl8139Buffers, WithoutTheBusFramesAreMissed)
{
    b.card.config_write(4, 2, 3);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 60)));
    EXPECT_EQ(b.in32(0x4c), 1U);
    EXPECT_EQ(b.in16(0x3e), 0x40U);
    b.out32(0x4c, 0);
    EXPECT_EQ(b.in32(0x4c), 0U);
}

TEST_F(Rtl8139Buffers, AFullBufferKeepsFramesAtTheLink)
{
    const Frame frame = frame_to(kMac, 1000); // with all, 1,008 bytes
    for (unsigned i = 0; i < 8; ++i) {
        EXPECT_TRUE(b.card.receive(frame));
    }
    EXPECT_EQ(b.in16(0x3e), 1U);
    EXPECT_FALSE(b.card.receive(frame));
    EXPECT_EQ(b.in16(0x3e), 1U) << "the driver may be about to make room";
    b.pass(base::kMillisecond);
    EXPECT_EQ(b.in16(0x3e), 0x11U);
    b.out16(0x3e, 0x11);
    EXPECT_FALSE(b.card.receive(frame));
    EXPECT_EQ(b.in16(0x3e), 0U);
    b.pass(base::kMillisecond);
    EXPECT_EQ(b.in16(0x3e), 0x10U) << "for a driver that has forgotten what there is in the buffer";
    b.out16(0x3e, 0x10);
    EXPECT_EQ(b.in32(0x4c), 0U);
    EXPECT_EQ(b.link.wanted, 0U);
    b.out16(0x38, 800 - 16); // too little still
    EXPECT_EQ(b.link.wanted, 0U);
    b.out16(0x38, 1008 - 16);
    EXPECT_EQ(b.link.wanted, 1U);
    EXPECT_TRUE(b.card.receive(frame));
    EXPECT_EQ(b.in16(0x3a), 9 * 1008 - 8192);
    EXPECT_EQ(b.timers.next_deadline(), std::nullopt);
}

// A full one would look like an empty one.
TEST_F(Rtl8139Buffers, TheBufferNeverBecomesQuiteFull)
{
    const Frame frame = frame_to(kMac, 1016); // 1,024 bytes
    for (unsigned i = 0; i < 7; ++i) {
        EXPECT_TRUE(b.card.receive(frame));
    }
    EXPECT_FALSE(b.card.receive(frame));
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 1012)));
    EXPECT_FALSE(empty());
}

TEST_F(Rtl8139Buffers, ABufferOfAnotherSizeIsEmpty)
{
    b.card.receive(frame_to(kMac, 60));
    b.out32(0x44, 0x0e);
    EXPECT_EQ(b.in16(0x3a), 68U) << "the filter is no matter for the buffer";
    b.out32(0x44, 0x080e);
    EXPECT_EQ(b.in16(0x3a), 0U);
    EXPECT_TRUE(empty());
}

TEST_F(Rtl8139Buffers, ALinkMayGiveAFrameAtOnceWhenItIsAsked)
{
    const Frame frame = frame_to(kMac, 1000);
    b.link.on_wanted = [&] { EXPECT_TRUE(b.card.receive(frame)); };
    while (b.card.receive(frame)) {
    }
    b.out16(0x38, 1008 - 16);
    EXPECT_EQ(b.link.wanted, 1U);
    EXPECT_EQ(b.in16(0x3a), 9 * 1008 - 8192);
}

TEST_F(Rtl8139Buffers, SwitchingTheReceiverOffFreesTheLink)
{
    const Frame frame = frame_to(kMac, 1000);
    while (b.card.receive(frame)) {
    }
    b.out8(0x37, 0x04);
    EXPECT_EQ(b.link.wanted, 1U);
    EXPECT_TRUE(b.card.receive(frame));
    b.out8(0x37, 0x0c);
    EXPECT_TRUE(empty());
    EXPECT_EQ(b.in16(0x3a), 0U);
}

TEST_F(Rtl8139Buffers, FramesWrapAroundTheEnd)
{
    const Frame frame = frame_to(kMac, 1500); // 1,508 bytes
    for (unsigned i = 0; i < 5; ++i) {
        EXPECT_TRUE(b.card.receive(frame));
        b.out16(0x38, 1508 * (i + 1) - 16);
    }
    EXPECT_TRUE(b.card.receive(frame)); // at 7,540
    EXPECT_EQ(b.in16(0x3a), 856U);
    EXPECT_EQ(b.get(kBuffer + 7544, 648), Frame(frame.begin(), frame.begin() + 648));
    EXPECT_EQ(b.get(kBuffer, 852), Frame(frame.begin() + 648, frame.end()));
    EXPECT_EQ(b.memory32(kBuffer + 852), backend::frame_crc(frame));
}

TEST_F(Rtl8139Buffers, OrGoOnBehindIt)
{
    b.out32(0x44, 0x8a);
    const Frame frame = frame_to(kMac, 1500);
    for (unsigned i = 0; i < 5; ++i) {
        EXPECT_TRUE(b.card.receive(frame));
        b.out16(0x38, 1508 * (i + 1) - 16);
    }
    EXPECT_TRUE(b.card.receive(frame));
    expect_received(7540, frame, 0x4001);
    EXPECT_EQ(b.in16(0x3a), 856U);
}

TEST_F(Rtl8139Buffers, TheLargestBufferWrapsInAnyCase)
{
    b.out32(0x44, 0x188a);
    const Frame frame = frame_to(kMac, 1500);
    for (unsigned i = 0; i < 43; ++i) {
        EXPECT_TRUE(b.card.receive(frame));
        b.out16(0x38, (1508 * (i + 1) - 16) & 0xffff);
    }
    EXPECT_TRUE(b.card.receive(frame)); // at 64,844, and 692 bytes are left
    EXPECT_EQ(b.in16(0x3a), 816U);
    EXPECT_EQ(b.memory32(kBuffer + 65536), 0U);
    EXPECT_EQ(b.get(kBuffer, 812), Frame(frame.begin() + 688, frame.end()));
}

TEST_F(Rtl8139Buffers, LongFramesAreErrors)
{
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 4092)));
    EXPECT_EQ(b.memory32(kBuffer), 4096U << 16 | 0x4001);
    b.out32(0x30, kBuffer);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 4093)));
    EXPECT_TRUE(empty());
    b.out32(0x44, 0x2a);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 4093)));
    EXPECT_EQ(b.memory32(kBuffer), 4097U << 16 | 0x4009);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, backend::kLongestFrame)));
    EXPECT_EQ(b.in16(0x3a), 4104U);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 8187))) << "never any room";
    EXPECT_EQ(b.in32(0x4c), 1U);
}

TEST_F(Rtl8139Buffers, ABufferThatIsNotThereIsASystemError)
{
    b.out32(0x30, 0xfffff000);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 60)));
    EXPECT_EQ(b.in16(0x3e), 0x8040U);
}

TEST_F(Rtl8139Buffers, NothingIsReceivedAsleep)
{
    b.card.config_write(0x54, 2, 3);
    EXPECT_TRUE(b.card.receive(frame_to(kMac, 60)));
    EXPECT_TRUE(empty());
    transmit(0, frame_to(kBroadcast, 60));
    EXPECT_TRUE(b.link.sent.empty());
}

} // namespace
} // namespace windsor::devices::rtl8139
