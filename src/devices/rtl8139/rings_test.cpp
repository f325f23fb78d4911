// SPDX-License-Identifier: GPL-2.0-or-later
// C+ mode: rings of descriptors, and what the chip does to frames in it.
#include "backend/frame.hpp"
#include "devices/rtl8139/rtl8139_bench.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace windsor::devices::rtl8139 {
namespace {

constexpr std::uint32_t kOwn = 0x80000000;
constexpr std::uint32_t kEnd = 0x40000000;
constexpr std::uint32_t kWhole = 0x30000000; // first and last
constexpr std::uint32_t kFirst = 0x20000000;
constexpr std::uint32_t kLast = 0x10000000;

constexpr std::size_t kNormalRing = 0x1000;
constexpr std::size_t kHighRing = 0x2000;
constexpr std::size_t kReceiveRing = 0x3000;
constexpr std::size_t kOut = 0x10000;
constexpr std::size_t kIn = 0x40000;

Frame plain(std::size_t size)
{
    Frame frame(size);
    std::iota(frame.begin(), frame.end(), std::uint8_t{0});
    std::ranges::copy(kMac, frame.begin());
    return frame;
}

// IPv4 with TCP or UDP, without checksums.
Frame packet(std::uint8_t protocol, std::size_t payload)
{
    Frame frame{0x00, 0x16, 0x3e, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 1, 0x08, 0x00};
    const std::size_t header = protocol == 6 ? 20 : 8;
    const std::size_t total = 20 + header + payload;
    const Frame ip{0x45,
                   0,
                   static_cast<std::uint8_t>(total >> 8),
                   static_cast<std::uint8_t>(total),
                   0,
                   1,
                   0,
                   0,
                   64,
                   protocol,
                   0,
                   0,
                   10,
                   0,
                   0,
                   1,
                   10,
                   0,
                   0,
                   2};
    frame.insert(frame.end(), ip.begin(), ip.end());
    Frame transport(header);
    transport[1] = 7;
    if (protocol == 6) {
        transport[12] = 0x50;
        transport[13] = 0x18;
    } else {
        transport[4] = static_cast<std::uint8_t>((8 + payload) >> 8);
        transport[5] = static_cast<std::uint8_t>(8 + payload);
    }
    frame.insert(frame.end(), transport.begin(), transport.end());
    for (std::size_t i = 0; i < payload; ++i) {
        frame.push_back(static_cast<std::uint8_t>(i * 3));
    }
    return frame;
}

Frame with_checksums(Frame frame)
{
    backend::put_checksums(frame, backend::checksums_of(*backend::ip_packet(frame)));
    return frame;
}

class Rtl8139Rings : public testing::Test {
protected:
    Rtl8139Rings()
    {
        b.out16(0xe0, 0x3);
        b.out32(0x20, kNormalRing);
        b.out32(0x24, 0);
        b.out32(0x28, kHighRing);
        b.out32(0x2c, 0);
        b.out32(0xe4, kReceiveRing);
        b.out32(0xe8, 0);
        b.out8(0x37, 0x0c);
        b.out32(0x44, 0x0f);
        b.out16(0x3c, 0xffff);
    }

    void describe(std::size_t at, std::uint32_t command, std::size_t buffer, std::uint32_t vlan = 0)
    {
        b.put32(at + 4, vlan);
        b.put32(at + 8, static_cast<std::uint32_t>(buffer));
        b.put32(at + 12, 0);
        b.put32(at, command);
    }
    // A whole frame in the descriptor of that number of the normal ring.
    void queue(unsigned index, const Frame& frame, std::uint32_t flags = 0, std::uint32_t vlan = 0)
    {
        const std::size_t buffer = kOut + 0x800 * index;
        b.put(buffer, frame);
        describe(kNormalRing + 16 * index, kOwn | kWhole | flags | static_cast<std::uint32_t>(frame.size()), buffer,
                 vlan);
    }
    void poll() { b.out8(0xd9, 0x40); }
    void offer(unsigned index, std::uint32_t flags = 0, std::uint32_t size = 1536)
    {
        describe(kReceiveRing + 16 * index, kOwn | flags | size, kIn + 0x800 * index);
    }
    std::uint32_t given(unsigned index) { return b.memory32(kReceiveRing + 16 * index); }

    Bench b;
};

TEST_F(Rtl8139Rings, TheirAddressesStandWhereThoseOfBuffersDo)
{
    EXPECT_EQ(b.in32(0x20), kNormalRing);
    EXPECT_EQ(b.in32(0x28), kHighRing);
    b.out32(0x24, 0x12);
    EXPECT_EQ(b.card.read(0x20, bus::Width::Qword).value, 0x1200001000U);
    b.out32(0xe8, 0x34);
    EXPECT_EQ(b.card.read(0xe4, bus::Width::Qword).value, 0x3400003000U);
}

// The datasheet wants C+ mode first; there is one register all the same.
TEST_F(Rtl8139Rings, TheirAddressesMayBeWrittenBeforeTheModeIsChosen)
{
    b.out8(0x37, 0x10);
    b.out32(0x20, kNormalRing);
    b.out16(0xe0, 3);
    b.out8(0x37, 0x0c);
    queue(0, plain(60));
    poll();
    EXPECT_EQ(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Rings, FramesAreSentUpToTheFirstDescriptorOfTheDrivers)
{
    queue(0, plain(100));
    queue(1, plain(200));
    EXPECT_TRUE(b.link.sent.empty());
    poll();
    EXPECT_EQ(b.link.sent, (Frames{plain(100), plain(200)}));
    EXPECT_EQ(b.memory32(kNormalRing), kWhole | 100);
    EXPECT_EQ(b.memory32(kNormalRing + 16), kWhole | 200);
    EXPECT_EQ(b.in16(0x3e), 0x84U);
    EXPECT_EQ(b.in16(0x82), kNormalRing + 16);
    queue(2, plain(300));
    poll();
    EXPECT_EQ(b.link.sent.size(), 3U);
}

TEST_F(Rtl8139Rings, TheRingEndsWhereItSaysOrAfter64Descriptors)
{
    for (unsigned i = 0; i < 6; ++i) {
        queue(i % 3, plain(60 + i), i % 3 == 2 ? kEnd : 0);
        poll();
    }
    EXPECT_EQ(b.link.sent.size(), 6U);
    EXPECT_EQ(b.memory32(kNormalRing + 32), kEnd | kWhole | 65);
    b.out32(0x20, kNormalRing);
    for (unsigned i = 0; i < 65; ++i) {
        queue(i % 64, plain(60));
        poll();
    }
    EXPECT_EQ(b.link.sent.size(), 71U);
}

TEST_F(Rtl8139Rings, AFrameMayBeInPieces)
{
    const Frame frame = plain(1000);
    b.put(kOut, std::span{frame}.first(14));
    b.put(kOut + 0x1001, std::span{frame}.subspan(14, 500));
    b.put(kOut + 0x2003, std::span{frame}.subspan(514));
    describe(kNormalRing + 16, kOwn | 500, kOut + 0x1001);
    describe(kNormalRing + 32, kOwn | kLast | 486, kOut + 0x2003);
    describe(kNormalRing, kFirst | 14, kOut);
    poll();
    EXPECT_TRUE(b.link.sent.empty());
    describe(kNormalRing, kOwn | kFirst | 14, kOut);
    poll();
    EXPECT_EQ(b.link.sent, Frames{frame});
    EXPECT_EQ(b.memory32(kNormalRing), kFirst | 14);
    EXPECT_EQ(b.memory32(kNormalRing + 16), 500U);
    EXPECT_EQ(b.memory32(kNormalRing + 32), kLast | 486);
}

TEST_F(Rtl8139Rings, AnUnfinishedFrameWaits)
{
    describe(kNormalRing, kOwn | kFirst | 60, kOut);
    poll();
    EXPECT_EQ(b.memory32(kNormalRing), kOwn | kFirst | 60);
    describe(kNormalRing + 16, kOwn | kLast | 60, kOut);
    poll();
    EXPECT_EQ(b.link.sent.at(0).size(), 120U);
}

TEST_F(Rtl8139Rings, ARingWithoutAnEndIsAnErrorOnce)
{
    describe(kNormalRing, kOwn | kEnd | kFirst | 60, kOut);
    poll();
    EXPECT_TRUE(b.link.sent.empty());
    EXPECT_EQ(b.in16(0x3e) & 0x0c, 0x08U);
    EXPECT_EQ(b.memory32(kNormalRing) & kOwn, 0U);
}

TEST_F(Rtl8139Rings, APollServesAsManyDescriptorsAsARingHas)
{
    // The link hands each descriptor back at once, as another processor could.
    queue(0, plain(60), kEnd);
    b.link.on_send = [this] { queue(0, plain(60), kEnd); };
    poll();
    EXPECT_LE(b.link.sent.size(), 64U);
    EXPECT_GE(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Rings, TheHighPriorityRingIsServedFirst)
{
    queue(0, plain(100));
    b.put(kOut + 0x5000, plain(99));
    describe(kHighRing, kOwn | kWhole | 99, kOut + 0x5000);
    b.out8(0xd9, 0xc0);
    EXPECT_EQ(b.link.sent, (Frames{plain(99), plain(100)}));
}

TEST_F(Rtl8139Rings, AFrameThatIsTooLongIsAnError)
{
    queue(0, plain(60));
    describe(kNormalRing, kOwn | kWhole | (backend::kLongestFrame + 1), kOut);
    poll();
    EXPECT_TRUE(b.link.sent.empty());
    EXPECT_EQ(b.memory32(kNormalRing) & 0x02800000, 0x02800000U);
    EXPECT_EQ(b.in16(0x3e) & 0x0c, 0x08U);
    describe(kNormalRing + 16, kOwn | kWhole | backend::kLongestFrame, kOut);
    poll();
    EXPECT_EQ(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Rings, MemoryThatIsNotThereIsASystemError)
{
    describe(kNormalRing, kOwn | kWhole | 60, 0xf0000000);
    poll();
    EXPECT_EQ(b.in16(0x3e), 0x8088U);
    EXPECT_EQ(b.memory32(kNormalRing) & kOwn, 0U);
    b.out16(0x3e, 0xffff);
    b.out32(0x24, 0x12);
    poll();
    EXPECT_EQ(b.in16(0x3e), 0x8000U);
}

TEST_F(Rtl8139Rings, WithoutACarrierTheLinkHasFailed)
{
    b.card.set_carrier(false);
    queue(0, plain(60));
    poll();
    EXPECT_EQ(b.memory32(kNormalRing), kWhole | 0x00a00000 | 60);
    EXPECT_TRUE(b.link.sent.empty());
}

TEST_F(Rtl8139Rings, NothingIsSentUnlessAllIsEnabled)
{
    queue(0, plain(60));
    b.out8(0x37, 0x08);
    poll();
    b.out8(0x37, 0x0c);
    b.out16(0xe0, 2);
    poll();
    b.out16(0xe0, 3);
    b.card.config_write(4, 2, 3);
    poll();
    EXPECT_TRUE(b.link.sent.empty());
    b.card.config_write(4, 2, 7);
    poll();
    EXPECT_EQ(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Rings, SwitchingOnBeginsAtTheFirstDescriptor)
{
    queue(0, plain(60));
    poll();
    b.out8(0x37, 0);
    b.out8(0x37, 0x0c);
    queue(0, plain(61));
    poll();
    EXPECT_EQ(b.link.sent.size(), 2U);
}

TEST_F(Rtl8139Rings, ChecksumsAreFilledIn)
{
    Frame stale = packet(6, 33);
    stale[50] = 0x12; // such as the sum of the pseudo-header, which others want there
    queue(0, stale, 0x00050000);
    queue(1, packet(17, 33), 0x00060000);
    queue(2, packet(17, 33), 0x00040000);
    queue(3, packet(6, 33), 0x00010000);
    queue(4, packet(6, 33), 0x00020000);
    poll();
    ASSERT_EQ(b.link.sent.size(), 5U);
    EXPECT_EQ(b.link.sent[0], with_checksums(packet(6, 33)));
    EXPECT_EQ(b.link.sent[1], with_checksums(packet(17, 33)));
    EXPECT_EQ(b.link.sent[2][40], 0U) << "only that of IP";
    EXPECT_NE(b.link.sent[2][24], 0U);
    EXPECT_EQ(b.link.sent[3][24], 0U) << "only that of TCP";
    EXPECT_NE(b.link.sent[3][50], 0U);
    EXPECT_EQ(b.link.sent[4], packet(6, 33)) << "it is no UDP";
    EXPECT_EQ(b.memory32(kNormalRing), kWhole | 87) << "the bits are those of a status now";
}

TEST_F(Rtl8139Rings, LargeSendsAreCut)
{
    const Frame frame = packet(6, 1400);
    queue(0, frame, 0x08000000 | 500 << 16);
    poll();
    ASSERT_EQ(b.link.sent.size(), 3U);
    std::size_t payload = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const Frame& segment = b.link.sent[i];
        EXPECT_EQ(segment.size(), i < 2 ? 554U : 454U);
        EXPECT_EQ(segment, with_checksums(segment));
        EXPECT_EQ(segment[19], 1 + i) << "identification";
        EXPECT_EQ(std::size_t{segment[40]} << 8 | segment[41], payload) << "sequence number";
        EXPECT_EQ(segment[47], i < 2 ? 0x10U : 0x18U) << "flags";
        payload += segment.size() - 54;
    }
    EXPECT_EQ(payload, 1400U);
    EXPECT_EQ(b.memory32(kNormalRing), kWhole | 1454);
}

TEST_F(Rtl8139Rings, ALargeSendMayHave64Kilobytes)
{
    const Frame frame = packet(6, 65535 - 40);
    b.put(kOut, frame);
    describe(kNormalRing, kOwn | kFirst | 0x08000000 | 1460U << 16 | 40000, kOut);
    describe(kNormalRing + 16, kOwn | kLast | 0x08000000 | 1460U << 16 | 25549, kOut + 40000);
    poll();
    ASSERT_EQ(b.link.sent.size(), 45U);
    Frame whole;
    for (const Frame& segment : b.link.sent) {
        EXPECT_EQ(segment, with_checksums(segment));
        whole.insert(whole.end(), segment.begin() + 54, segment.end());
    }
    EXPECT_EQ(whole, Frame(frame.begin() + 54, frame.end()));
}

// A ring of large sends in small segments would keep the processor, and whoever waits for the machine lock, for long.
TEST_F(Rtl8139Rings, WhatIsMuchToSendIsSentInSteps)
{
    const Frame large = packet(6, 60'000);
    b.put(kOut, large);
    constexpr unsigned kCount = 64;
    for (unsigned i = 0; i < kCount; ++i) {
        describe(kNormalRing + 16 * i,
                 kOwn | kWhole | (i + 1 == kCount ? kEnd : 0) | 1U << 27 | 100U << 16 |
                     static_cast<std::uint32_t>(large.size()),
                 kOut);
    }
    const auto octets = [this] {
        return std::accumulate(b.link.sent.begin(), b.link.sent.end(), std::size_t{0},
                               [](std::size_t sum, const Frame& frame) { return sum + frame.size(); });
    };
    poll();
    std::size_t before = octets();
    EXPECT_LT(before, std::size_t{2} << 20);
    b.card.load(b.card.state()); // it may be saved in between
    while (b.link.sent.size() < std::size_t{kCount} * 600) {
        b.pass(base::kMillisecond);
        const std::size_t after = octets();
        ASSERT_GT(after, before);
        EXPECT_LT(after - before, std::size_t{2} << 20);
        before = after;
    }
    b.pass(base::kMillisecond);
    EXPECT_EQ(b.link.sent.size(), std::size_t{kCount} * 600);
    EXPECT_EQ(b.memory32(kNormalRing + 16 * 63) & kOwn, 0U);
}

TEST_F(Rtl8139Rings, HeadersLongerThanAnybodysAreNotSentAgainAndAgain)
{
    constexpr std::size_t kExtension = 2048;
    Frame frame{0, 0x16, 0x3e, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 60, 64};
    frame.resize(14 + 40 + 2 * kExtension + 20 + 4000);
    const std::size_t length = frame.size() - 54;
    frame[18] = static_cast<std::uint8_t>(length >> 8);
    frame[19] = static_cast<std::uint8_t>(length);
    frame[54] = 60; // two of destination options, RFC 8200, 4.6, and TCP
    frame[55] = kExtension / 8 - 1;
    frame[54 + kExtension] = 6;
    frame[55 + kExtension] = kExtension / 8 - 1;
    frame[54 + 2 * kExtension + 12] = 0x50;
    b.put(kOut, frame);
    describe(kNormalRing, kOwn | kWhole | kEnd | 1U << 27 | 8U << 16 | static_cast<std::uint32_t>(frame.size()), kOut);
    poll();
    EXPECT_EQ(b.link.sent.size(), 1U);
}

TEST_F(Rtl8139Rings, ALargeSendThatIsNoneGoesOutAsItIs)
{
    queue(0, packet(17, 100), 0x08000000 | 50 << 16);
    queue(1, packet(6, 100), 0x08000000 | 1 << 16);
    queue(2, packet(6, 100), 0x08000000 | 1460U << 16);
    poll();
    EXPECT_EQ(b.link.sent, (Frames{packet(17, 100), with_checksums(packet(6, 100)), with_checksums(packet(6, 100))}));
}

TEST_F(Rtl8139Rings, VlanTagsAreInserted)
{
    queue(0, packet(6, 100), 0x00050000, 0x00022301); // tag 0x0123
    queue(1, packet(6, 100), 0x08000000 | 50 << 16, 0x00022301);
    poll();
    ASSERT_EQ(b.link.sent.size(), 3U);
    for (const Frame& sent : b.link.sent) {
        EXPECT_EQ(Frame(sent.begin() + 12, sent.begin() + 18), (Frame{0x81, 0x00, 0x01, 0x23, 0x08, 0x00}));
        EXPECT_EQ(sent, with_checksums(sent));
    }
}

TEST_F(Rtl8139Rings, FramesAreReceivedIntoDescriptors)
{
    offer(0);
    offer(1, kEnd);
    EXPECT_TRUE(b.card.receive(plain(100)));
    EXPECT_EQ(given(0), kWhole | 0x02000000 | 104);
    EXPECT_EQ(b.get(kIn, 100), plain(100));
    EXPECT_EQ(b.memory32(kIn + 100), backend::frame_crc(plain(100)));
    EXPECT_EQ(b.in16(0x3e), 1U);
    EXPECT_TRUE(b.line.asserted);
    Frame all = plain(20);
    std::ranges::fill(std::span{all}.first(6), std::uint8_t{0xff});
    EXPECT_TRUE(b.card.receive(all));
    EXPECT_EQ(given(1), kEnd | kWhole | 0x01000000 | 64);
    offer(0);
    EXPECT_TRUE(b.card.receive(plain(60)));
    EXPECT_EQ(given(0) & kOwn, 0U);
}

TEST_F(Rtl8139Rings, AFrameMayTakeSeveralDescriptors)
{
    offer(0, 0, 64);
    offer(1, 0, 30);
    offer(2, kEnd, 100);
    const Frame frame = plain(100);
    EXPECT_TRUE(b.card.receive(frame));
    EXPECT_EQ(given(0), kFirst | 0x02000000 | 64);
    EXPECT_EQ(given(1), 0x02000000U | 30);
    EXPECT_EQ(given(2), kEnd | kLast | 0x02000000 | 104);
    EXPECT_EQ(b.get(kIn + 0x800, 30), Frame(frame.begin() + 64, frame.begin() + 94));
}

TEST_F(Rtl8139Rings, WithoutDescriptorsFramesStayAtTheLink)
{
    EXPECT_FALSE(b.card.receive(plain(60)));
    EXPECT_EQ(b.in16(0x3e), 0U);
    b.pass(100 * base::kMillisecond);
    EXPECT_EQ(b.link.wanted, 0U);
    EXPECT_EQ(b.in16(0x3e), 0x10U);
    offer(0);
    b.out16(0x3e, 1);
    EXPECT_EQ(b.link.wanted, 1U) << "a register is written";
    EXPECT_TRUE(b.card.receive(plain(60)));
    EXPECT_FALSE(b.card.receive(plain(60)));
    offer(1);
    b.pass(base::kMillisecond);
    EXPECT_EQ(b.link.wanted, 2U) << "time passes";
    EXPECT_TRUE(b.card.receive(plain(60)));
    EXPECT_EQ(b.timers.next_deadline(), std::nullopt);
}

TEST_F(Rtl8139Rings, TooFewDescriptorsAreLeftAlone)
{
    offer(0, 0, 64);
    EXPECT_FALSE(b.card.receive(plain(100)));
    EXPECT_EQ(given(0), kOwn | 64);
    b.out16(0x3e, 0x10);
    EXPECT_EQ(b.link.wanted, 0U);
    offer(1, 0, 64);
    b.out16(0x3e, 0x10);
    EXPECT_EQ(b.link.wanted, 1U);
    EXPECT_TRUE(b.card.receive(plain(100)));
}

TEST_F(Rtl8139Rings, AFrameThatTheWholeRingCannotHoldIsMissed)
{
    offer(0, 0, 16);
    offer(1, kEnd, 16);
    EXPECT_TRUE(b.card.receive(plain(60)));
    EXPECT_EQ(b.in32(0x4c), 1U);
    b.out32(0xe4, 0xf0000000);
    EXPECT_TRUE(b.card.receive(plain(60)));
    EXPECT_EQ(b.in32(0x4c), 2U);
}

TEST_F(Rtl8139Rings, ReceivedChecksumsAreJudged)
{
    b.out16(0xe0, 0x23);
    const auto judged = [this](const Frame& frame) {
        b.out32(0xe4, kReceiveRing);
        offer(0);
        EXPECT_TRUE(b.card.receive(frame));
        return given(0) & 0x0003e000;
    };
    EXPECT_EQ(judged(with_checksums(packet(6, 40))), 0x10000U);
    EXPECT_EQ(judged(with_checksums(packet(17, 41))), 0x20000U);
    EXPECT_EQ(judged(plain(100)), 0U);
    Frame wrong = with_checksums(packet(6, 40));
    wrong.back() ^= 1;
    EXPECT_EQ(judged(wrong), 0x12000U);
    wrong = with_checksums(packet(17, 40));
    wrong.back() ^= 1;
    EXPECT_EQ(judged(wrong), 0x24000U);
    wrong = with_checksums(packet(6, 40));
    wrong[22] ^= 1;
    EXPECT_EQ(judged(wrong), 0x18000U);
    EXPECT_EQ(judged(with_checksums(packet(1, 40))), 0x30000U);
    b.out16(0xe0, 0x03);
    EXPECT_EQ(judged(with_checksums(packet(6, 40))), 0U);
}

TEST_F(Rtl8139Rings, VlanTagsAreTakenOut)
{
    Frame tagged = with_checksums(packet(6, 40));
    const Frame inner = tagged;
    const Frame tag{0x81, 0x00, 0x01, 0x23};
    tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
    offer(0);
    b.card.receive(tagged);
    EXPECT_EQ(b.get(kIn, tagged.size()), tagged);
    EXPECT_EQ(b.memory32(kReceiveRing + 4), 0U);
    b.out16(0xe0, 0x63);
    offer(1);
    b.card.receive(tagged);
    EXPECT_EQ(b.get(kIn + 0x800, inner.size()), inner);
    EXPECT_EQ(b.memory32(kReceiveRing + 16 + 4), 0x00012301U);
    EXPECT_EQ(given(1) & 0x0003ffff, 0x10000 | (inner.size() + 4));
}

TEST_F(Rtl8139Rings, LoopbackWorksInThemToo)
{
    b.out32(0x40, 3 << 17);
    offer(0);
    queue(0, plain(100));
    queue(1, plain(101));
    poll();
    EXPECT_TRUE(b.link.sent.empty());
    EXPECT_EQ(b.get(kIn, 100), plain(100));
    EXPECT_EQ(b.memory32(kNormalRing), kWhole | 100);
    EXPECT_EQ(b.memory32(kNormalRing + 16), kWhole | 101);
    EXPECT_EQ(b.in32(0x4c), 1U) << "there was one descriptor";
    b.out8(0x37, 0x04);
    EXPECT_EQ(b.link.wanted, 0U);
}

// A link may answer at once.
TEST_F(Rtl8139Rings, FramesMayArriveWhileOneIsSent)
{
    offer(0);
    b.link.on_send = [this] { b.card.receive(plain(70)); };
    queue(0, plain(100));
    poll();
    EXPECT_EQ(b.memory32(kNormalRing), kWhole | 100);
    EXPECT_EQ(given(0) & 0x1fff, 74U);
    EXPECT_EQ(b.in16(0x3e), 0x85U);
}

TEST_F(Rtl8139Rings, TalliesAreDumped)
{
    offer(0);
    b.card.receive(plain(60));
    queue(0, plain(60));
    queue(1, plain(60));
    poll();
    b.out32(0x14, 0);
    b.out32(0x10, 0x8000 | 8);
    EXPECT_EQ(b.in32(0x10), 0x8000U);
    EXPECT_EQ(b.memory32(0x8000), 2U) << "transmitted";
    EXPECT_EQ(b.memory32(0x8008), 1U) << "received";
    EXPECT_EQ(b.memory32(0x8010), 0U);
    EXPECT_EQ(b.memory32(0x8028), 1U) << "to this address";
    EXPECT_EQ(b.memory32(0x8030), 0U);
    EXPECT_EQ(b.memory32(0x8038), 0U);
    EXPECT_TRUE((b.get(0x8040, 16) == Frame(16)));
}

} // namespace
} // namespace windsor::devices::rtl8139
