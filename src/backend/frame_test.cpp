// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/frame.hpp"

#include "backend/network_link.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>

namespace windsor::backend {
namespace {

using Frame = std::vector<std::uint8_t>;

std::span<const std::uint8_t> bytes_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void append(Frame& to, std::initializer_list<int> bytes)
{
    for (const int byte : bytes) {
        to.push_back(static_cast<std::uint8_t>(byte));
    }
}

void put16(Frame& frame, std::size_t at, std::size_t value)
{
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

std::size_t get16(std::span<const std::uint8_t> frame, std::size_t at)
{
    return std::size_t{frame[at]} << 8 | frame[at + 1];
}

Frame ethernet(int high, int low)
{
    Frame frame;
    append(frame, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, high, low});
    return frame;
}

void append_payload(Frame& frame, std::size_t size)
{
    const std::size_t at = frame.size();
    frame.resize(at + size);
    std::iota(frame.begin() + static_cast<std::ptrdiff_t>(at), frame.end(), std::uint8_t{1});
}

// Checksums are zero.
Frame tcp4(std::size_t payload, int flags = 0x18)
{
    Frame frame = ethernet(0x08, 0x00);
    append(frame, {0x45, 0, 0, 0, 0xff, 0xff, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2});
    append(frame, {0x12, 0x34, 0, 80, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 1, 0x50, flags, 0x20, 0, 0, 0, 0, 0});
    append_payload(frame, payload);
    put16(frame, 16, frame.size() - 14);
    return frame;
}

Frame tcp6(std::size_t payload)
{
    Frame frame = ethernet(0x86, 0xdd);
    append(frame, {0x60, 0, 0, 0, 0, 0, 6, 64});
    append_payload(frame, 32);
    append(frame, {0x12, 0x34, 0, 80, 0, 0, 1, 0, 0, 0, 0, 1, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0});
    append_payload(frame, payload);
    put16(frame, 18, frame.size() - 54);
    return frame;
}

Frame udp4(std::size_t payload)
{
    Frame frame = ethernet(0x08, 0x00);
    append(frame, {0x45, 0, 0, 0, 0, 7, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2});
    append(frame, {0x12, 0x34, 0, 53, 0, 0, 0, 0});
    append_payload(frame, payload);
    put16(frame, 16, frame.size() - 14);
    put16(frame, 38, frame.size() - 34);
    return frame;
}

bool all_right(std::span<const std::uint8_t> frame)
{
    const auto packet = ip_packet(frame);
    return packet && network_checksum_right(frame, *packet) && transport_checksum_right(frame, *packet);
}

TEST(FrameCrc, IsThatOfIeee8023)
{
    EXPECT_EQ(frame_crc(bytes_of("")), 0U);
    EXPECT_EQ(frame_crc(bytes_of("a")), 0xe8b7be43U);
    EXPECT_EQ(frame_crc(bytes_of("123456789")), 0xcbf43926U);
    EXPECT_EQ(frame_crc(bytes_of("The quick brown fox jumps over the lazy dog")), 0x414fa339U);
}

// The example of RFC 1071, 3.
TEST(InternetSum, FoldsCarries)
{
    const Frame bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(internet_sum(bytes), 0xddf2U);
    EXPECT_EQ(internet_checksum(bytes), 0x220dU);
    EXPECT_EQ(internet_sum(std::span{bytes}.first(3)), 0xf201U);
    EXPECT_EQ(internet_sum(std::span{bytes}.subspan(4), internet_sum(std::span{bytes}.first(4))), 0xddf2U);
    EXPECT_EQ(internet_sum(Frame(5, 0xff)), 0xff00U);
}

TEST(IpPacket, KnowsItsHeaders)
{
    const auto v4 = ip_packet(tcp4(10));
    ASSERT_TRUE(v4);
    EXPECT_EQ(v4->network, Network::Ipv4);
    EXPECT_EQ(v4->transport, Transport::Tcp);
    EXPECT_EQ(v4->network_header, 14U);
    EXPECT_EQ(v4->transport_header, 34U);
    EXPECT_EQ(v4->end, 64U);
    const auto v6 = ip_packet(tcp6(10));
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->network, Network::Ipv6);
    EXPECT_EQ(v6->transport_header, 54U);
    EXPECT_EQ(v6->end, 84U);
}

TEST(IpPacket, EndsBeforePadding)
{
    Frame frame = udp4(3);
    frame.resize(60, 0xee);
    EXPECT_EQ(ip_packet(frame)->end, 45U);
    put_checksums(frame, checksums_of(*ip_packet(frame)));
    EXPECT_TRUE(all_right(frame));
    frame.back() = 0;
    EXPECT_TRUE(all_right(frame));
}

TEST(IpPacket, MayBeBehindAVlanTag)
{
    Frame frame = udp4(3);
    const Frame tag{0x81, 0x00, 0x20, 0x05};
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    const auto packet = ip_packet(frame);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->network_header, 18U);
    put_checksums(frame, checksums_of(*packet));
    EXPECT_TRUE(all_right(frame));
}

TEST(IpPacket, GoesPastExtensionHeaders)
{
    Frame frame = ethernet(0x86, 0xdd);
    append(frame, {0x60, 0, 0, 0, 0, 24, 0, 64});
    append_payload(frame, 32);
    append(frame, {60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0, 0});
    const auto packet = ip_packet(frame);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->transport, Transport::Udp);
    EXPECT_EQ(packet->transport_header, 70U);
    frame[55] = 2; // longer than the packet
    EXPECT_FALSE(ip_packet(frame));
}

TEST(IpPacket, WhatDoesNotFitIsNone)
{
    EXPECT_FALSE(ip_packet(Frame(13)));
    EXPECT_FALSE(ip_packet(ethernet(0x08, 0x06)));
    for (std::size_t size = 0; size < 54; ++size) {
        Frame frame = tcp4(0);
        frame.resize(size);
        EXPECT_FALSE(ip_packet(frame)) << size;
    }
    Frame short_header = tcp4(0);
    short_header[14] = 0x44;
    EXPECT_FALSE(ip_packet(short_header));
    Frame short_packet = tcp4(0);
    put16(short_packet, 16, 39);
    EXPECT_FALSE(ip_packet(short_packet));
}

TEST(Checksums, AFragmentHasNoneOfItsTransport)
{
    Frame frame = udp4(16);
    frame[20] = 0x20;
    const auto packet = ip_packet(frame);
    ASSERT_TRUE(packet);
    EXPECT_TRUE(packet->fragment);
    EXPECT_FALSE(checksums_of(*packet).transport_checksum);
    EXPECT_TRUE(transport_checksum_right(frame, *packet));
}

TEST(Checksums, AreSummedWithThePseudoHeader)
{
    for (Frame frame : {tcp4(0), tcp4(11), tcp6(11), udp4(1), udp4(100)}) {
        EXPECT_FALSE(all_right(frame) && frame[14] >> 4 == 4);
        put_checksums(frame, checksums_of(*ip_packet(frame)));
        EXPECT_TRUE(all_right(frame));
        frame.back() ^= 1;
        EXPECT_FALSE(all_right(frame));
    }
    // A header of RFC 791 whose checksum is known from outside.
    const Frame header{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                       0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
    EXPECT_EQ(internet_checksum(header), 0xb861U);
}

TEST(Checksums, CanBeginWithWhatTheFieldHolds)
{
    Frame frame = tcp4(9);
    const Frame addresses(frame.begin() + 26, frame.begin() + 34);
    put16(frame, 50, internet_sum(addresses, 6U + 29U));
    put_checksums(frame, {.transport_checksum = ChecksumPlace{.start = 34, .field = 50}});
    EXPECT_TRUE(transport_checksum_right(frame, *ip_packet(frame)));
}

TEST(Checksums, OfUdpAreNeverZero)
{
    Frame frame = udp4(2);
    put_checksums(frame, checksums_of(*ip_packet(frame)));
    const std::size_t checksum = get16(frame, 40);
    put16(frame, 42, get16(frame, 42) + checksum); // now the sum is 0xffff
    put_checksums(frame, checksums_of(*ip_packet(frame)));
    EXPECT_EQ(get16(frame, 40), 0xffffU);
    EXPECT_TRUE(all_right(frame));
    put16(frame, 40, 0); // none
    EXPECT_TRUE(all_right(frame));
}

TEST(Checksums, OutsideOfTheFrameAreLeftOut)
{
    Frame frame = udp4(2);
    const Frame before = frame;
    put_checksums(frame, {.network_checksum = ChecksumPlace{.start = 14, .field = frame.size() - 1},
                          .transport_checksum = ChecksumPlace{.start = frame.size() + 1, .field = 40}});
    put_checksums(frame, {.transport_checksum = ChecksumPlace{.start = 20, .field = 40, .end = 10}});
    put_checksums(frame, {.transport_checksum = ChecksumPlace{.start = 34, .field = 40},
                          .pseudo_header = PseudoHeader::Summed,
                          .network_header = 30});
    EXPECT_EQ(frame, before);
}

std::vector<Frame> all_segments(const Frame& frame, const Offload& offload)
{
    std::vector<Frame> result;
    Segmenter segmenter{frame, offload};
    for (auto segment = segmenter.next(); !segment.empty(); segment = segmenter.next()) {
        result.emplace_back(segment.begin(), segment.end());
    }
    return result;
}

TEST(Segments, OfTcpOverIpv4)
{
    const Frame frame = tcp4(250, 0x99); // CWR, ACK, PSH, FIN
    Offload offload = checksums_of(*ip_packet(frame));
    offload.header = 54;
    offload.mss = 100;
    const auto segments = all_segments(frame, offload);
    ASSERT_EQ(segments.size(), 3U);
    Frame payload;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const Frame& segment = segments[i];
        EXPECT_TRUE(all_right(segment)) << i;
        EXPECT_EQ(segment.size(), i < 2 ? 154U : 104U);
        EXPECT_EQ(get16(segment, 16), segment.size() - 14);
        EXPECT_EQ(get16(segment, 18), (0xffff + i) & 0xffff);
        EXPECT_EQ(get16(segment, 38) << 16 | get16(segment, 40), (0xfffffff0 + 100 * i) & 0xffffffff);
        EXPECT_EQ(segment[47], i == 0 ? 0x90 : i == 1 ? 0x10 : 0x19);
        payload.insert(payload.end(), segment.begin() + 54, segment.end());
    }
    EXPECT_EQ(payload, Frame(frame.begin() + 54, frame.end()));
}

TEST(Segments, OfTcpOverIpv6WithTheSumInTheField)
{
    Frame frame = tcp6(64);
    const Frame addresses(frame.begin() + 22, frame.begin() + 54);
    put16(frame, 70, internet_sum(addresses, 6));
    const auto segments = all_segments(frame, {.transport_checksum = ChecksumPlace{.start = 54, .field = 70, .end = 0},
                                               .network = Network::Ipv6,
                                               .transport = Transport::Tcp,
                                               .network_header = 14,
                                               .transport_header = 54,
                                               .header = 74,
                                               .mss = 32});
    ASSERT_EQ(segments.size(), 2U);
    for (const Frame& segment : segments) {
        EXPECT_EQ(get16(segment, 18), 52U);
        EXPECT_TRUE(all_right(segment));
    }
}

TEST(Segments, OfUdpHaveTheirOwnLengths)
{
    const Frame frame = udp4(100);
    Offload offload = checksums_of(*ip_packet(frame));
    offload.header = 42;
    offload.mss = 60;
    const auto segments = all_segments(frame, offload);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(get16(segments[0], 38), 68U);
    EXPECT_EQ(get16(segments[1], 38), 48U);
    EXPECT_TRUE(all_right(segments[0]));
    EXPECT_TRUE(all_right(segments[1]));
}

TEST(Segments, ThereAreNoneOfWhatDoesNotFit)
{
    const Frame frame = tcp4(250);
    Offload good = checksums_of(*ip_packet(frame));
    good.header = 54;
    good.mss = 100;
    const auto refused = [&frame, &good](auto change) {
        Offload offload = good;
        change(offload);
        return !Segmenter{frame, offload}.valid() && all_segments(frame, offload).empty();
    };
    EXPECT_FALSE(refused([](Offload&) {}));
    EXPECT_TRUE(refused([](Offload& o) { o.mss = 0; }));
    EXPECT_TRUE(refused([](Offload& o) { o.mss = kLeastMss - 1; }));
    EXPECT_TRUE(refused([](Offload& o) { o.header = 53; }));
    EXPECT_TRUE(refused([&frame](Offload& o) { o.header = frame.size(); }));
    EXPECT_TRUE(refused([](Offload& o) { o.transport_header = 33; }));
    EXPECT_TRUE(refused([](Offload& o) { o.network_header = 13; }));
    EXPECT_TRUE(refused([](Offload& o) { o.transport = Transport::Other; }));
    const Frame large = tcp4(kLongestFrame);
    good.mss = kLongestFrame - 53;
    EXPECT_FALSE((Segmenter{large, good}.valid()));
    good.mss = kLongestFrame - 54;
    EXPECT_TRUE((Segmenter{large, good}.valid()));
}

} // namespace
} // namespace windsor::backend
