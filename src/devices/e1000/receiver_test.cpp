// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/frame.hpp"
#include "devices/e1000/e1000_bench.hpp"

#include <gmock/gmock.h>

namespace windsor::devices::e1000 {

namespace {

using testing::ElementsAreArray;

constexpr backend::MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr backend::MacAddress kGroup{0x01, 0x00, 0x5e, 0x12, 0x34, 0x56};
constexpr backend::MacAddress kStranger{0x52, 0x54, 0x00, 0x99, 0x99, 0x99};
constexpr unsigned kWhole = receive_status::kDone | receive_status::kEndOfPacket | receive_status::kIgnoreChecksums;

// An IPv4 packet with a UDP datagram, and all its checksums.
Frame udp_frame()
{
    Frame frame = frame_to(kBenchMac, 14 + 20 + 8 + 32);
    const std::vector<std::uint8_t> header{0x08, 0x00, 0x45, 0,  0, 60, 0x12, 0x34, 0x40, 0, 64, 17, 0,  0, 10,
                                           0,    0,    1,    10, 0, 0,  2,    0x04, 0xd2, 0, 53, 0,  40, 0, 0};
    std::copy(header.begin(), header.end(), frame.begin() + kTypeOffset);
    backend::put_checksums(frame, backend::checksums_of(backend::ip_packet(frame).value()));
    return frame;
}

class E1000Receiver : public testing::Test, protected Bench {
protected:
    void SetUp() override { bring_up(); }
    // Whether the guest gets it.
    bool arrives(const Frame& frame)
    {
        const std::uint32_t head = read(reg::kRdh);
        EXPECT_TRUE(card.receive(frame));
        return read(reg::kRdh) != head;
    }
};

TEST_F(E1000Receiver, AFrameLiesInItsBuffer)
{
    start_receiver();
    write(reg::kIms, cause::kReceived);
    const Frame frame = frame_to(kBenchMac);
    EXPECT_TRUE(card.receive(frame));
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(read(reg::kIcr), cause::kReceived);
    EXPECT_EQ(read(reg::kRdh), 1u);
    EXPECT_EQ(received(0).status, kWhole);
    EXPECT_EQ(received(0).errors, 0u);
    EXPECT_EQ(received(0).checksum, backend::internet_checksum(frame));
    EXPECT_THAT(received_data(0), ElementsAreArray(frame));
    EXPECT_EQ(received(1).status, 0u);
}

TEST_F(E1000Receiver, ItsCheckSequenceFollowsUnlessItIsStripped)
{
    start_receiver(rctl::kBroadcast);
    const Frame frame = frame_to(kBenchMac);
    card.receive(frame);
    Frame expected = frame;
    const std::uint32_t crc = backend::frame_crc(frame);
    for (unsigned i = 0; i < 4; ++i) {
        expected.push_back(static_cast<std::uint8_t>(crc >> (8 * i)));
    }
    EXPECT_THAT(received_data(0), ElementsAreArray(expected));
}

TEST_F(E1000Receiver, ShortFramesArePadded)
{
    start_receiver();
    card.receive(frame_to(kBenchMac, 20));
    EXPECT_EQ(received(0).length, 60u);
    Frame expected = frame_to(kBenchMac, 20);
    expected.resize(60);
    EXPECT_THAT(received_data(0), ElementsAreArray(expected));
}

TEST_F(E1000Receiver, ALongFrameTakesSeveralDescriptors)
{
    start_receiver(rctl::kBroadcast | rctl::kStripCrc | 3 << rctl::kSizeShift); // 256 bytes
    const Frame frame = frame_to(kBenchMac, 600);
    EXPECT_TRUE(card.receive(frame));
    EXPECT_EQ(read(reg::kRdh), 3u);
    EXPECT_EQ(received(0).status & 3, receive_status::kDone);
    EXPECT_EQ(received(1).status & 3, receive_status::kDone);
    EXPECT_EQ(received(2).status, kWhole);
    EXPECT_EQ(received(0).length, 256u);
    EXPECT_EQ(received(1).length, 256u);
    EXPECT_EQ(received(2).length, 88u);
    Frame all = received_data(0);
    for (unsigned i = 1; i < 3; ++i) {
        const Frame part = received_data(i);
        all.insert(all.end(), part.begin(), part.end());
    }
    EXPECT_THAT(all, ElementsAreArray(frame));
}

TEST_F(E1000Receiver, BuffersOfAllSizes)
{
    const std::vector<std::pair<std::uint32_t, unsigned>> sizes{
        {0, 2048}, {1, 1024}, {2, 512}, {3, 256}, {1 | 1 << 9, 16384}, {2 | 1 << 9, 8192}, {3 | 1 << 9, 4096}};
    for (const auto& [bits, size] : sizes) {
        start_receiver(rctl::kLong | rctl::kStripCrc | bits << rctl::kSizeShift);
        const std::size_t length = size == 16384 ? size : size + 100;
        EXPECT_TRUE(card.receive(frame_to(kBenchMac, length)));
        EXPECT_EQ(received(0).length, size);
        EXPECT_EQ(read(reg::kRdh), size == 16384 ? 1u : 2u);
    }
}

TEST_F(E1000Receiver, AddressesAreFiltered)
{
    start_receiver(rctl::kStripCrc);
    EXPECT_TRUE(arrives(frame_to(kBenchMac)));
    EXPECT_FALSE(arrives(frame_to(kStranger)));
    EXPECT_FALSE(arrives(frame_to(kGroup)));
    EXPECT_FALSE(arrives(frame_to(kBroadcast)));
    start_receiver(rctl::kStripCrc | rctl::kBroadcast);
    EXPECT_TRUE(arrives(frame_to(kBroadcast)));
    EXPECT_EQ(received(0).status, kWhole);
    start_receiver(rctl::kStripCrc | rctl::kUnicastPromiscuous);
    EXPECT_TRUE(arrives(frame_to(kStranger)));
    EXPECT_EQ(received(0).status, kWhole | receive_status::kInexact);
    EXPECT_FALSE(arrives(frame_to(kGroup)));
    start_receiver(rctl::kStripCrc | rctl::kMulticastPromiscuous);
    EXPECT_TRUE(arrives(frame_to(kGroup)));
    EXPECT_FALSE(arrives(frame_to(kStranger)));
}

TEST_F(E1000Receiver, SixteenAddresses)
{
    start_receiver(rctl::kStripCrc);
    write(reg::kRa + 15 * 8, 0x9900'5452);
    write(reg::kRa + 15 * 8 + 4, 0x9999);
    EXPECT_FALSE(arrives(frame_to(kStranger)));
    write(reg::kRa + 15 * 8 + 4, 0x8000'9999);
    EXPECT_TRUE(arrives(frame_to(kStranger)));
    write(reg::kRa + 15 * 8, 0x0000'0002); // the sender's
    write(reg::kRa + 15 * 8 + 4, 0x8001'0100);
    EXPECT_TRUE(arrives(frame_to(kGroup)));
}

TEST_F(E1000Receiver, MulticastTable)
{
    // 56:34, of which twelve bits count from bit 4, 3, 2 or 0 on.
    const std::array<unsigned, 4> hashes{0x563, 0xac6, 0x58d, 0x634};
    for (unsigned offset = 0; offset < 4; ++offset) {
        start_receiver(rctl::kStripCrc | offset << rctl::kMulticastShift);
        EXPECT_FALSE(arrives(frame_to(kGroup)));
        write(reg::kMta + hashes[offset] / 32 * 4, 1u << hashes[offset] % 32);
        EXPECT_TRUE(arrives(frame_to(kGroup))) << offset;
        EXPECT_NE(received(0).status & receive_status::kInexact, 0u);
        write(reg::kMta + hashes[offset] / 32 * 4, 0);
    }
}

TEST_F(E1000Receiver, VlansAreFilteredAndTagsTakenOff)
{
    start_receiver(rctl::kStripCrc | rctl::kVlanFilter);
    write(reg::kCtrl, read(reg::kCtrl) | ctrl::kVlanMode);
    const Frame plain = frame_to(kBenchMac);
    const Frame tagged = with_tag(plain, 0x6123);
    EXPECT_FALSE(arrives(tagged));
    EXPECT_TRUE(arrives(plain));
    write(reg::kVfta + 0x123 / 32 * 4, 1u << 0x123 % 32);
    EXPECT_TRUE(arrives(tagged));
    EXPECT_EQ(received(1).status, kWhole | receive_status::kVlan);
    EXPECT_EQ(received(1).special, 0x6123u);
    EXPECT_THAT(received_data(1), ElementsAreArray(plain));
    write(reg::kCtrl, read(reg::kCtrl) & ~ctrl::kVlanMode);
    EXPECT_TRUE(arrives(tagged));
    EXPECT_EQ(received(2).status, kWhole);
    EXPECT_THAT(received_data(2), ElementsAreArray(tagged));
}

TEST_F(E1000Receiver, OversizeFramesAreLeftOut)
{
    start_receiver();
    EXPECT_TRUE(arrives(frame_to(kBenchMac, 1518)));
    EXPECT_FALSE(arrives(frame_to(kBenchMac, 1519)));
    EXPECT_EQ(read(0x40ac), 1u); // ROC
    start_receiver(rctl::kStripCrc | rctl::kLong);
    EXPECT_TRUE(arrives(frame_to(kBenchMac, 9000)));
    EXPECT_EQ(read(reg::kRdh), 5u);
}

TEST_F(E1000Receiver, ChecksumsAreChecked)
{
    start_receiver();
    write(reg::kRxcsum, rxcsum::kIp | rxcsum::kTransport | 14);
    const Frame good = udp_frame();
    card.receive(good);
    EXPECT_EQ(received(0).status, receive_status::kDone | receive_status::kEndOfPacket | receive_status::kIpChecked |
                                      receive_status::kTransportChecked);
    EXPECT_EQ(received(0).errors, 0u);
    EXPECT_EQ(received(0).checksum, backend::internet_checksum(std::span{good}.subspan(14)));
    Frame bad = good;
    bad.back() ^= 1;
    card.receive(bad);
    EXPECT_EQ(received(1).errors, receive_error::kTransportChecksum);
    bad = good;
    bad[14 + 8] ^= 1; // time to live
    card.receive(bad);
    EXPECT_EQ(received(2).errors, receive_error::kIpChecksum);
    Frame none = good;
    none[14 + 20 + 6] = none[14 + 20 + 7] = 0;
    card.receive(none);
    EXPECT_EQ(received(3).status & receive_status::kTransportChecked, 0u);
    EXPECT_EQ(received(3).errors, 0u);
    write(reg::kRxcsum, 0);
    card.receive(good);
    EXPECT_EQ(received(4).status, kWhole);
}

TEST_F(E1000Receiver, Ipv6ChecksumsHaveABitOfTheirOwn)
{
    Frame frame = frame_to(kBenchMac, 14 + 40 + 20);
    frame[12] = 0x86;
    frame[13] = 0xdd;
    frame[14] = 0x60;
    frame[14 + 4] = 0;
    frame[14 + 5] = 20;
    frame[14 + 6] = 6; // TCP
    frame[14 + 40 + 12] = 0x50;
    backend::put_checksums(frame, backend::checksums_of(backend::ip_packet(frame).value()));
    start_receiver();
    write(reg::kRxcsum, rxcsum::kIp | rxcsum::kTransport);
    card.receive(frame);
    EXPECT_EQ(received(0).status, kWhole);
    write(reg::kRxcsum, rxcsum::kIp | rxcsum::kTransport | rxcsum::kIpv6);
    card.receive(frame);
    EXPECT_EQ(received(1).status & 0x64, receive_status::kTransportChecked);
    EXPECT_EQ(received(1).errors, 0u);
}

TEST_F(E1000Receiver, AFullRingHasTheLinkWait)
{
    start_receiver();
    const Frame frame = frame_to(kBenchMac);
    for (unsigned i = 0; i < kRingSize - 1; ++i) {
        EXPECT_TRUE(card.receive(frame));
    }
    EXPECT_EQ(read(reg::kIcr), cause::kReceived | cause::kReceiveThreshold);
    EXPECT_FALSE(card.receive(frame));
    EXPECT_EQ(read(reg::kIcr), cause::kOverrun);
    EXPECT_EQ(read(0x40a0), 1u); // RNBC
    EXPECT_EQ(link.asked, 0u);
    EXPECT_TRUE(card.receive(frame_to(kStranger))); // which nobody waits for
    write(reg::kRdt, 0);
    EXPECT_EQ(link.asked, 1u);
    write(reg::kRdt, 0);
    EXPECT_EQ(link.asked, 1u);
    EXPECT_TRUE(card.receive(frame));
    EXPECT_EQ(received(7).status, kWhole);
    EXPECT_EQ(read(reg::kRdh), 0u);
    EXPECT_FALSE(card.receive(frame));
    write(reg::kRctl, 0); // what waits has to go
    EXPECT_EQ(link.asked, 2u);
    EXPECT_TRUE(card.receive(frame));
}

TEST_F(E1000Receiver, ALinkMaySendAsSoonAsItIsAsked)
{
    start_receiver();
    write(reg::kRdt, 0);
    const Frame frame = frame_to(kBenchMac);
    link.on_wanted = [&] { EXPECT_TRUE(card.receive(frame)); };
    EXPECT_FALSE(card.receive(frame));
    write(reg::kRdt, 3);
    EXPECT_EQ(read(reg::kRdh), 1u);
}

TEST_F(E1000Receiver, AResetLetsGoOfWhatWaits)
{
    start_receiver();
    write(reg::kRdt, 0);
    EXPECT_FALSE(card.receive(frame_to(kBenchMac)));
    write(reg::kCtrl, ctrl::kReset);
    EXPECT_EQ(link.asked, 1u);
    EXPECT_TRUE(card.receive(frame_to(kBenchMac)));
    bring_up();
    start_receiver();
    write(reg::kRdt, 0);
    EXPECT_FALSE(card.receive(frame_to(kBenchMac)));
    card.reset();
    EXPECT_EQ(link.asked, 2u);
}

TEST_F(E1000Receiver, WhatNeverFitsIsMissed)
{
    start_receiver(rctl::kLong | rctl::kStripCrc | 3 << rctl::kSizeShift);
    EXPECT_TRUE(card.receive(frame_to(kBenchMac, 256 * 8)));
    EXPECT_EQ(read(reg::kRdh), 0u);
    EXPECT_EQ(read(0x4010), 1u); // MPC
    EXPECT_EQ(read(reg::kIcr), cause::kOverrun);
    write(reg::kRdh, 100); // not in the ring
    EXPECT_TRUE(card.receive(frame_to(kBenchMac)));
    EXPECT_EQ(read(0x4010), 1u);
}

TEST_F(E1000Receiver, NothingComesInUnlessAllIsOn)
{
    start_receiver();
    card.config_write(offset_of(pci::Register::Command), 2, pci::kCommandMemory);
    EXPECT_FALSE(arrives(frame_to(kBenchMac)));
    card.config_write(offset_of(pci::Register::Command), 2, pci::kCommandMemory | pci::kCommandBusMaster);
    EXPECT_TRUE(arrives(frame_to(kBenchMac)));
    write(reg::kRctl, 0);
    EXPECT_FALSE(arrives(frame_to(kBenchMac)));
    start_receiver();
    card.set_carrier(false);
    EXPECT_FALSE(arrives(frame_to(kBenchMac)));
    EXPECT_FALSE(arrives({1, 2, 3}));
}

TEST_F(E1000Receiver, InterruptsWaitForMoreFrames)
{
    start_receiver();
    write(reg::kIms, cause::kReceived);
    write(reg::kRdtr, 100); // 102.4 us
    write(reg::kRadv, 150);
    const Frame frame = frame_to(kBenchMac);
    card.receive(frame);
    pass(90 * base::kMicrosecond);
    EXPECT_FALSE(interrupt.level);
    card.receive(frame); // puts it off to 153.6 us
    pass(60 * base::kMicrosecond);
    EXPECT_FALSE(interrupt.level);
    pass(4 * base::kMicrosecond);
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(read(reg::kIcr), cause::kReceived);
    card.receive(frame);
    EXPECT_FALSE(interrupt.level);
    write(reg::kRdtr, 100 | kFlushPartial);
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(read(reg::kRdtr), 100u);
}

TEST_F(E1000Receiver, SmallPacketsAndTheThreshold)
{
    start_receiver(rctl::kStripCrc | 1 << rctl::kThresholdShift); // a quarter
    write(reg::kRsrpd, 104);
    card.receive(frame_to(kBenchMac, 100));
    EXPECT_EQ(read(reg::kIcr), cause::kReceived | cause::kSmallReceived);
    card.receive(frame_to(kBenchMac, 101));
    EXPECT_EQ(read(reg::kIcr), cause::kReceived);
    card.receive(frame_to(kBenchMac, 101));
    card.receive(frame_to(kBenchMac, 101));
    EXPECT_EQ(read(reg::kIcr), cause::kReceived);
    card.receive(frame_to(kBenchMac, 101)); // two are left
    EXPECT_EQ(read(reg::kIcr), cause::kReceived | cause::kReceiveThreshold);
}

TEST_F(E1000Receiver, Statistics)
{
    start_receiver();
    card.receive(frame_to(kBenchMac, 60));
    card.receive(frame_to(kBenchMac, 100));
    card.receive(frame_to(kBroadcast, 1514));
    card.receive(frame_to(kStranger, 200));
    EXPECT_EQ(read(0x40d0), 4u);  // TPR
    EXPECT_EQ(read(0x40d0), 0u);  // cleared
    EXPECT_EQ(read(0x4074), 3u);  // GPRC
    EXPECT_EQ(read(0x4078), 1u);  // BPRC
    EXPECT_EQ(read(0x405c), 1u);  // PRC64
    EXPECT_EQ(read(0x4060), 1u);  // PRC127
    EXPECT_EQ(read(0x4070), 1u);  // PRC1522
    EXPECT_EQ(read(0x4088), 64u + 104 + 1518); // GORCL
    EXPECT_EQ(read(0x4088), 64u + 104 + 1518); // until the upper half is read
    EXPECT_EQ(read(0x408c), 0u);
    EXPECT_EQ(read(0x4088), 0u);
    EXPECT_EQ(read(0x40c0), 64u + 104 + 1518 + 204);
}

TEST_F(E1000Receiver, PauseFramesStayInTheCard)
{
    start_receiver();
    write(reg::kFcal, 0x00c2'8001);
    write(reg::kFcah, 0x0100);
    write(reg::kFct, 0x8808);
    write(reg::kRa + 8, 0x00c2'8001);
    write(reg::kRa + 12, 0x8000'0100);
    write(reg::kCtrl, read(reg::kCtrl) | ctrl::kReceiveFlowControl);
    Frame pause = frame_to({0x01, 0x80, 0xc2, 0x00, 0x00, 0x01}, 60);
    pause[12] = 0x88;
    pause[13] = 0x08;
    pause[14] = 0;
    pause[15] = 1;
    EXPECT_FALSE(arrives(pause));
    EXPECT_EQ(read(0x4050), 1u); // XOFFRXC
    pause[16] = pause[17] = 0;
    EXPECT_FALSE(arrives(pause));
    EXPECT_EQ(read(0x4048), 1u); // XONRXC
    start_receiver(rctl::kPassControl);
    EXPECT_TRUE(arrives(pause));
}

TEST_F(E1000Receiver, ABufferThatIsNotInMemoryHarmsNobody)
{
    start_receiver();
    set_receive_buffer(0, 0xf000'0000);
    EXPECT_TRUE(arrives(frame_to(kBenchMac)));
    EXPECT_EQ(received(0).status, kWhole);
    set_receive_buffer(1, 0);
    const Frame before = load(0, 100);
    EXPECT_TRUE(arrives(frame_to(kBenchMac)));
    EXPECT_EQ(load(0, 100), before);
    write(reg::kRdbah, 1);
    EXPECT_FALSE(arrives(frame_to(kBenchMac)));
}

} // namespace

} // namespace windsor::devices::e1000
