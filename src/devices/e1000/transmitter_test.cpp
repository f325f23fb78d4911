// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/frame.hpp"
#include "devices/e1000/e1000_bench.hpp"
#include "devices/e1000/saved_state.hpp"
#include "state/testing_structs.hpp"

#include <gmock/gmock.h>
#include <limits>

namespace windsor::devices::e1000 {

namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

constexpr std::uint32_t kLast = transmit::kEndOfPacket | transmit::kInsertFcs | transmit::kReportStatus;
constexpr std::uint32_t kDataLast = kLast | transmit::kExtension | transmit::kData;
constexpr std::uint32_t kDataMore = transmit::kExtension | transmit::kData;
constexpr backend::MacAddress kPeer{0x02, 0x00, 0x00, 0x00, 0x00, 0x07};

unsigned get16(const Frame& frame, std::size_t at)
{
    return unsigned{frame[at]} << 8 | frame[at + 1];
}

void put16(Frame& frame, std::size_t at, unsigned value)
{
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

// A frame with a TCP segment of so much data, as a driver leaves it to a card: the TCP checksum's field has the sum of
// the pseudo-header, with the length or without.
Frame tcp_frame(bool ipv4, std::size_t payload, bool with_length)
{
    const std::size_t header = 14 + (ipv4 ? 20 : 40);
    Frame frame = frame_to(kPeer, header + 20 + payload);
    put16(frame, 12, ipv4 ? 0x0800 : 0x86dd);
    if (ipv4) {
        put16(frame, 14, 0x4500);
        put16(frame, 16, static_cast<unsigned>(20 + 20 + payload));
        put16(frame, 18, 0xffff); // identification
        put16(frame, 20, 0x4000);
        put16(frame, 22, 0x4006);
        put16(frame, 24, 0);
    } else {
        put16(frame, 14, 0x6000);
        put16(frame, 16, 0);
        put16(frame, 18, static_cast<unsigned>(20 + payload));
        put16(frame, 20, 0x0640);
    }
    const std::size_t tcp = header;
    put16(frame, tcp + 4, 0xffff); // sequence number
    put16(frame, tcp + 6, 0xfff0);
    put16(frame, tcp + 12, 0x5019); // FIN, PSH, ACK
    const std::size_t addresses = ipv4 ? 26 : 22;
    const auto sum = backend::internet_sum(std::span{frame}.subspan(addresses, ipv4 ? 8 : 32),
                                           6 + (with_length ? static_cast<std::uint32_t>(20 + payload) : 0));
    put16(frame, tcp + 16, sum);
    return frame;
}

struct ContextDescriptor {
    bool ipv4{true};
    bool segment{false};
    std::uint32_t payload{0};
    std::uint32_t header{0};
    std::uint32_t mss{0};
};

class E1000Transmitter : public testing::Test, protected Bench {
protected:
    void SetUp() override
    {
        bring_up();
        start_transmitter();
    }
    void put_context(const ContextDescriptor& context)
    {
        const std::uint32_t ip = context.ipv4 ? 14 | 24 << 8 | 33 << 16 : 14;
        const std::uint32_t transport = context.ipv4 ? 34 : 54;
        put(ip | std::uint64_t{transport | (transport + 16) << 8} << 32,
            context.payload | transmit::kExtension | transmit::kTcp | (context.ipv4 ? transmit::kIpv4 : 0) |
                (context.segment ? transmit::kSegment : 0),
            context.header << 8 | context.mss << 16);
    }
    static void expect_right_checksums(const Frame& frame)
    {
        const auto packet = backend::ip_packet(frame);
        ASSERT_TRUE(packet.has_value());
        EXPECT_TRUE(backend::network_checksum_right(frame, *packet));
        EXPECT_TRUE(backend::transport_checksum_right(frame, *packet));
    }
};

TEST_F(E1000Transmitter, ALegacyDescriptorIsAFrame)
{
    const Frame frame = frame_to(kPeer);
    put_data(frame, kLast);
    EXPECT_TRUE(link.frames.empty());
    go();
    EXPECT_THAT(link.frames, ElementsAre(ElementsAreArray(frame)));
    EXPECT_EQ(read(reg::kTdh), 1u);
    EXPECT_EQ(transmit_status(0), transmit::kDone);
    EXPECT_EQ(read(reg::kIcr), cause::kTransmitted | cause::kTransmitEmpty);
}

TEST_F(E1000Transmitter, OnlyThoseWhoAskAreToldThatTheyAreDone)
{
    put_data(frame_to(kPeer), kLast & ~transmit::kReportStatus);
    go();
    EXPECT_EQ(link.frames.size(), 1u);
    EXPECT_EQ(transmit_status(0), 0u);
    EXPECT_EQ(read(reg::kIcr), cause::kTransmitEmpty);
}

TEST_F(E1000Transmitter, AFrameOfSeveralDescriptorsAcrossTheEndOfTheRing)
{
    const Frame frame = frame_to(kPeer, 300);
    for (unsigned i = 0; i < 6; ++i) {
        put_data(frame, kLast);
    }
    go();
    link.frames.clear();
    const std::span whole{frame};
    put_data(whole.first(100), transmit::kReportStatus);
    put_data(whole.subspan(100, 50), 0);
    go(); // the rest comes later
    EXPECT_TRUE(link.frames.empty());
    put_data(whole.subspan(150), kLast);
    go();
    EXPECT_THAT(link.frames, ElementsAre(ElementsAreArray(frame)));
    EXPECT_EQ(read(reg::kTdh), 1u);
    EXPECT_EQ(transmit_status(6), transmit::kDone);
    EXPECT_EQ(transmit_status(7), 0u);
}

TEST_F(E1000Transmitter, WhatIsEnabledLateIsSentLate)
{
    write(reg::kTctl, 0);
    put_data(frame_to(kPeer), kLast);
    go();
    EXPECT_TRUE(link.frames.empty());
    card.config_write(offset_of(pci::Register::Command), 2, pci::kCommandMemory);
    write(reg::kTctl, tctl::kEnable);
    EXPECT_TRUE(link.frames.empty());
    card.config_write(offset_of(pci::Register::Command), 2, pci::kCommandMemory | pci::kCommandBusMaster);
    EXPECT_EQ(link.frames.size(), 1u);
}

TEST_F(E1000Transmitter, PaddingIfAskedFor)
{
    put_data(frame_to(kPeer, 20), kLast);
    go();
    EXPECT_EQ(link.frames.back().size(), 20u);
    write(reg::kTctl, tctl::kEnable | tctl::kPad);
    put_data(frame_to(kPeer, 20), kLast);
    go();
    EXPECT_EQ(link.frames.back().size(), 60u);
    put_data(Frame(13), kLast); // no frame
    go();
    EXPECT_EQ(link.frames.size(), 2u);
}

TEST_F(E1000Transmitter, ACheckSequenceOfTheGuestsOwnIsTakenOff)
{
    const Frame frame = frame_to(kPeer);
    Frame with_fcs = frame;
    const std::uint32_t crc = backend::frame_crc(frame);
    for (unsigned i = 0; i < 4; ++i) {
        with_fcs.push_back(static_cast<std::uint8_t>(crc >> (8 * i)));
    }
    put_data(with_fcs, kLast & ~transmit::kInsertFcs);
    put_data(frame, kLast & ~transmit::kInsertFcs); // which has none
    go();
    EXPECT_THAT(link.frames, ElementsAre(ElementsAreArray(frame), ElementsAreArray(frame)));
}

TEST_F(E1000Transmitter, ALegacyChecksum)
{
    Frame frame = frame_to(kPeer);
    put_data(frame, kLast | transmit::kInsertChecksum | 40 << 16, 34 << 8);
    put_data(frame, kLast | transmit::kInsertChecksum | 99 << 16, 34 << 8);  // out of the frame
    put_data(frame, kLast | transmit::kInsertChecksum | 40 << 16, 100 << 8); // too
    go();
    const auto sum = backend::internet_checksum(std::span{frame}.subspan(34));
    const Frame before = frame;
    put16(frame, 40, sum);
    EXPECT_THAT(link.frames, ElementsAre(ElementsAreArray(frame), ElementsAreArray(before), ElementsAreArray(before)));
}

TEST_F(E1000Transmitter, ChecksumsByContext)
{
    for (const bool ipv4 : {true, false}) {
        put_context({.ipv4 = ipv4});
        const Frame frame = tcp_frame(ipv4, 333, true);
        const std::uint32_t options =
            ipv4 ? transmit::kIpChecksum | transmit::kTransportChecksum : transmit::kTransportChecksum;
        put_data(std::span{frame}.first(60), kDataMore, options);
        put_data(std::span{frame}.subspan(60), kDataLast);
        go();
        expect_right_checksums(link.frames.back());
        EXPECT_EQ(link.frames.back().size(), frame.size());
    }
    const Frame frame = tcp_frame(true, 10, true);
    put_data(frame, kDataLast);
    go();
    EXPECT_THAT(link.frames.back(), ElementsAreArray(frame));
}

TEST_F(E1000Transmitter, Segmentation)
{
    for (const bool ipv4 : {true, false}) {
        link.frames.clear();
        const std::size_t header = ipv4 ? 54 : 74;
        put_context({.ipv4 = ipv4,
                     .segment = true,
                     .payload = 3500,
                     .header = static_cast<std::uint32_t>(header),
                     .mss = 1460});
        const Frame frame = tcp_frame(ipv4, 3500, false);
        const std::uint32_t options =
            ipv4 ? transmit::kIpChecksum | transmit::kTransportChecksum : transmit::kTransportChecksum;
        put_data(std::span{frame}.first(header), kDataMore | transmit::kSegment, options);
        put_data(std::span{frame}.subspan(header), kDataLast | transmit::kSegment);
        go();
        ASSERT_EQ(link.frames.size(), 3u);
        Frame payload;
        for (std::size_t i = 0; i < 3; ++i) {
            const Frame& segment = link.frames[i];
            const std::size_t size = i < 2 ? 1460 : 580;
            EXPECT_EQ(segment.size(), header + size);
            expect_right_checksums(segment);
            if (ipv4) {
                EXPECT_EQ(get16(segment, 16), 40 + size);
                EXPECT_EQ(get16(segment, 18), (0xffff + i) & 0xffff);
            } else {
                EXPECT_EQ(get16(segment, 18), 20 + size);
            }
            const std::size_t tcp = header - 20;
            const std::uint32_t sequence = get16(segment, tcp + 4) << 16 | get16(segment, tcp + 6);
            EXPECT_EQ(sequence, static_cast<std::uint32_t>(0xffff'fff0 + i * 1460));
            EXPECT_EQ(segment[tcp + 13], i < 2 ? 0x10 : 0x19); // FIN and PSH at the end alone
            payload.insert(payload.end(), segment.begin() + static_cast<std::ptrdiff_t>(header), segment.end());
        }
        EXPECT_THAT(payload, ElementsAreArray(std::span{frame}.subspan(header)));
        EXPECT_EQ(read(0x40f8), 1u); // TSCTC
    }
}

TEST_F(E1000Transmitter, SegmentationThatMakesNoSenseSendsNothing)
{
    const Frame frame = tcp_frame(true, 3500, false);
    for (const ContextDescriptor& context :
         {ContextDescriptor{.segment = true, .header = 54, .mss = 0}, {.segment = true, .header = 10, .mss = 1460}}) {
        put_context(context);
        put_data(frame, kDataLast | transmit::kSegment, transmit::kTransportChecksum);
        go();
    }
    EXPECT_TRUE(link.frames.empty());
    EXPECT_EQ(read(0x40fc), 2u); // TSCTFC
    EXPECT_EQ(read(reg::kTdh), tail());
}

TEST_F(E1000Transmitter, TagsAreInserted)
{
    write(reg::kCtrl, read(reg::kCtrl) | ctrl::kVlanMode);
    const Frame frame = frame_to(kPeer);
    put_data(frame, kLast | transmit::kVlan, 0x6123 << 16);
    put_data(frame, kLast, 0x6123 << 16);
    go();
    EXPECT_THAT(link.frames, ElementsAre(ElementsAreArray(with_tag(frame, 0x6123)), ElementsAreArray(frame)));
    link.frames.clear();
    put_context({.segment = true, .header = 54, .mss = 100});
    const Frame tcp = tcp_frame(true, 150, false);
    put_data(std::span{tcp}.first(54), kDataMore | transmit::kSegment | transmit::kVlan,
             transmit::kIpChecksum | transmit::kTransportChecksum | 7 << 16);
    put_data(std::span{tcp}.subspan(54), kDataLast | transmit::kSegment);
    go();
    ASSERT_EQ(link.frames.size(), 2u);
    for (const Frame& segment : link.frames) {
        EXPECT_EQ(get16(segment, 12), 0x8100u);
        EXPECT_EQ(get16(segment, 14), 7u);
        expect_right_checksums(segment);
    }
    write(reg::kCtrl, read(reg::kCtrl) & ~ctrl::kVlanMode);
    link.frames.clear();
    put_data(frame, kLast | transmit::kVlan, 0x6123 << 16);
    go();
    EXPECT_THAT(link.frames, ElementsAre(ElementsAreArray(frame)));
}

TEST_F(E1000Transmitter, InterruptsWait)
{
    write(reg::kIms, cause::kTransmitted);
    write(reg::kTidv, 100); // 102.4 us
    put_data(frame_to(kPeer), kLast | transmit::kDelayInterrupt);
    go();
    EXPECT_EQ(transmit_status(0), transmit::kDone); // at once
    EXPECT_FALSE(interrupt.level);
    pass(103 * base::kMicrosecond);
    EXPECT_TRUE(interrupt.level);
    read(reg::kIcr);
    put_data(frame_to(kPeer), kLast | transmit::kDelayInterrupt);
    go();
    EXPECT_FALSE(interrupt.level);
    put_data(frame_to(kPeer), kLast); // does not wait, and takes the other along
    go();
    EXPECT_TRUE(interrupt.level);
    read(reg::kIcr);
    pass(base::kSecond);
    EXPECT_EQ(interrupt.rises, 2u);
}

TEST_F(E1000Transmitter, ARingThatRunsLow)
{
    write(reg::kTdlen, 16 * kDescriptorSize);
    write(reg::kTxdctl, 1 << kLowThresholdShift);
    write(reg::kTctl, 0);
    write(reg::kTdt, 9);
    write(reg::kTctl, tctl::kEnable);
    EXPECT_EQ(read(reg::kIcr), cause::kTransmitLow | cause::kTransmitEmpty);
}

TEST_F(E1000Transmitter, LoopbackInThePhy)
{
    write(reg::kIms, 0);
    start_receiver();
    set_phy(0, 0x4140);
    pass(kLinkTime);
    const Frame frame = frame_to(kBenchMac);
    put_data(frame, kLast);
    go();
    EXPECT_TRUE(link.frames.empty());
    EXPECT_THAT(received_data(0), ElementsAreArray(frame));
    EXPECT_TRUE(card.receive(frame)); // is not heard
    EXPECT_EQ(read(reg::kRdh), 1u);
}

TEST_F(E1000Transmitter, ALinkMayAnswerAtOnce)
{
    start_receiver();
    link.on_send = [this](std::span<const std::uint8_t>) { EXPECT_TRUE(card.receive(frame_to(kBenchMac))); };
    put_data(frame_to(kPeer), kLast);
    put_data(frame_to(kPeer), kLast);
    go();
    EXPECT_EQ(link.frames.size(), 2u);
    EXPECT_EQ(read(reg::kRdh), 2u);
}

TEST_F(E1000Transmitter, WithoutCarrierFramesGoNowhere)
{
    card.set_carrier(false);
    put_data(frame_to(kPeer), kLast);
    go();
    EXPECT_TRUE(link.frames.empty());
    EXPECT_EQ(transmit_status(0), transmit::kDone);
}

TEST_F(E1000Transmitter, FramesThatAreTooLongAreLeftOut)
{
    const Frame half(9000, 0x55);
    put_data(half, 0);
    put_data(half, kLast);
    put_data(frame_to(kPeer), kLast);
    go();
    ASSERT_EQ(link.frames.size(), 1u);
    EXPECT_EQ(link.frames[0].size(), 100u);
}

TEST_F(E1000Transmitter, AFrameThatIsNotInMemoryIsLeftOut)
{
    put(0xf000'0000, 100 | kLast, 0);
    put(0, 100 | kLast, 0); // a null address has no data
    put_data(frame_to(kPeer), kLast);
    go();
    EXPECT_EQ(link.frames.size(), 1u);
    EXPECT_EQ(transmit_status(0), transmit::kDone);
    EXPECT_EQ(transmit_status(1), transmit::kDone);
}

TEST_F(E1000Transmitter, IndicesOutsideOfTheRingDoNothing)
{
    put_data(frame_to(kPeer), kLast);
    write(reg::kTdt, kRingSize);
    EXPECT_TRUE(link.frames.empty());
    write(reg::kTdh, 0xffff);
    write(reg::kTdt, 1);
    EXPECT_TRUE(link.frames.empty());
    write(reg::kTdlen, 0);
    write(reg::kTdh, 0);
    write(reg::kTdt, 0);
    write(reg::kTdbah, 1);
    write(reg::kTdlen, 128);
    write(reg::kTdt, 1); // a ring that is not in memory
    EXPECT_EQ(read(reg::kTdh), 0u);
}

// A guest's doorbell does not take the machine longer than a moment, however much there is to send.
TEST_F(E1000Transmitter, AMassOfFramesIsSentInPortions)
{
    const std::uint32_t count = 0x1000;
    const Frame frame = frame_to(kPeer, 1514);
    store(kTransmitBuffers, frame);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t at = 0x4'0000 + std::uint64_t{i} * kDescriptorSize;
        store32(at, kTransmitBuffers);
        store32(at + 8, static_cast<std::uint32_t>(frame.size()) | kLast);
    }
    write(reg::kTdbal, 0x4'0000);
    write(reg::kTdlen, count * kDescriptorSize);
    write(reg::kTdt, count - 1);
    EXPECT_LT(link.frames.size(), count - 1);
    EXPECT_GT(link.frames.size(), 100u);
    while (timers.next_deadline()) {
        const std::size_t before = link.frames.size();
        clock.set(*timers.next_deadline());
        timers.run_due(clock.now());
        EXPECT_LT(link.frames.size() - before, 1000u) << "others get the machine lock in between";
    }
    EXPECT_EQ(link.frames.size(), count - 1);
}

// In the middle of a packet, of a delay, and of a negotiation.
TEST_F(E1000Transmitter, ASavedCardGoesOnWhereItWas)
{
    const Frame frame = frame_to(kPeer, 300);
    write(reg::kIms, cause::kTransmitted);
    write(reg::kTidv, 1000);
    put_data(frame, kLast | transmit::kDelayInterrupt);
    put_data(std::span{frame}.first(200), 0);
    go();
    pass(1000 * base::kMicrosecond);
    Bench other;
    other.clock.set(clock.now());
    other.card.load(state::through_a_file(card.state()));
    EXPECT_EQ(state::difference(state::pack(card.state()), state::pack(other.card.state())), "");
    EXPECT_FALSE(other.interrupt.level);
    other.pass(24 * base::kMicrosecond);
    EXPECT_TRUE(other.interrupt.level);
    const std::uint64_t at = kTransmitRing + 2 * kDescriptorSize;
    other.store(kTransmitBuffers, std::span{frame}.subspan(200));
    other.store32(at, kTransmitBuffers);
    other.store32(at + 8, 100 | kLast);
    other.write(reg::kTdt, 3);
    EXPECT_THAT(other.link.frames, ElementsAre(ElementsAreArray(frame)));
    EXPECT_TRUE(card.state().phy.link);
    set_phy(0, 0x1340);
    Bench third;
    third.clock.set(clock.now());
    third.card.load(state::through_a_file(card.state()));
    EXPECT_EQ(third.read(reg::kStatus) & status::kLinkUp, 0u);
    third.pass(kLinkTime);
    EXPECT_NE(third.read(reg::kStatus) & status::kLinkUp, 0u);
    EXPECT_NE(third.read(reg::kIcr) & cause::kLinkChange, 0u);
}

// Nothing that a stranger writes into a saved state lasts if the chip cannot hold it.
TEST_F(E1000Transmitter, AForgedStateIsPutRight)
{
    E1000::State forged = card.state();
    forged.registers.rdlen = ~0u;
    forged.registers.ra[1] = ~0u;
    forged.interrupts.causes = ~0u;
    forged.interrupts.quiet_until = std::numeric_limits<base::Nanoseconds>::max();
    forged.interrupts.received.at = std::numeric_limits<base::Nanoseconds>::max();
    forged.pci.interrupt = true; // but nothing is enabled
    forged.phy.link_at = std::numeric_limits<base::Nanoseconds>::max();
    forged.eeprom.bits = 200;
    forged.eeprom.address = 200;
    forged.transmitter.begun = true;
    forged.transmitter.packet.resize(1'000'000);
    card.load(forged);
    const E1000::State held = card.state();
    EXPECT_EQ(held.registers.rdlen, kRingLengthMask);
    EXPECT_EQ(held.registers.ra[1], rah::kWritable);
    EXPECT_EQ(held.interrupts.causes, cause::kAll);
    EXPECT_LT(held.interrupts.quiet_until.value(), clock.now() + base::kSecond);
    EXPECT_FALSE(held.interrupts.received.at.has_value());
    EXPECT_FALSE(held.pci.interrupt);
    EXPECT_FALSE(held.phy.link_at.has_value());
    EXPECT_LE(held.eeprom.bits, 16);
    EXPECT_LT(held.eeprom.address, kEepromWords);
    EXPECT_EQ(held.transmitter.packet.size(), backend::kLongestFrame);
}

TEST_F(E1000Transmitter, Statistics)
{
    put_data(frame_to(kPeer, 60), kLast);
    put_data(frame_to({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1514), kLast);
    put_data(frame_to({0x01, 0, 0, 0, 0, 1}, 200), kLast);
    go();
    EXPECT_EQ(read(0x40d4), 3u); // TPT
    EXPECT_EQ(read(0x4080), 3u); // GPTC
    EXPECT_EQ(read(0x40d8), 1u); // PTC64
    EXPECT_EQ(read(0x40ec), 1u); // PTC1522
    EXPECT_EQ(read(0x40e0), 1u); // PTC255
    EXPECT_EQ(read(0x40f0), 1u); // MPTC
    EXPECT_EQ(read(0x40f4), 1u); // BPTC
    EXPECT_EQ(read(0x4090), 64u + 1518 + 204);
    EXPECT_EQ(read(0x40c8), 64u + 1518 + 204);
}

} // namespace

} // namespace windsor::devices::e1000
