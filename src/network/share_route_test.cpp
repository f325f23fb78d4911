// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/share_route.hpp"

#include "backend/frame.hpp"
#include "network/nat_plan.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

namespace windsor::network {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr in_addr kLoopBack = address(127, 0, 0, 1);
constexpr ShareRoute::Ports kPorts{.direct = 40001, .session = 40002};

void put16(Bytes& to, unsigned value)
{
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

void put(Bytes& to, in_addr address)
{
    put16(to, ntohl(address.s_addr) >> 16);
    put16(to, ntohl(address.s_addr) & 0xffff);
}

// A TCP segment (RFC 9293) over IPv4 with right checksums.
Bytes segment(in_addr from, unsigned from_port, in_addr to, unsigned to_port, std::string_view text,
              std::uint8_t protocol = 6)
{
    Bytes frame(12, 2);
    put16(frame, 0x0800);
    put16(frame, 0x4500);
    put16(frame, static_cast<unsigned>(40 + text.size()));
    put16(frame, 1);
    put16(frame, 0);
    frame.push_back(64);
    frame.push_back(protocol);
    put16(frame, 0);
    put(frame, from);
    put(frame, to);
    put16(frame, from_port);
    put16(frame, to_port);
    frame.insert(frame.end(), 8, 7);
    put16(frame, 0x5010);
    put16(frame, 8192);
    put16(frame, 0);
    put16(frame, 0);
    frame.insert(frame.end(), text.begin(), text.end());
    backend::put_checksums(frame, backend::checksums_of(*backend::ip_packet(frame)));
    return frame;
}

bool equal(std::span<const std::uint8_t> one, const Bytes& other)
{
    return std::ranges::equal(one, other);
}

TEST(ShareRoute, LeadsAGuestsConnectionsToTheGateAndBack)
{
    ShareRoute route{kPorts};
    const std::array<std::array<unsigned, 2>, 2> ports{{{445, 40001}, {139, 40002}}};
    for (const auto& [share, gate] : ports) {
        for (const char* text : {"", "a", "hello, world", "\xff\xff\xff"}) {
            const Bytes outside = segment(kNatGuest, 1025, kNatShare, share, text);
            const Bytes inside = segment(kNatGuest, 1025, kLoopBack, gate, text);
            EXPECT_TRUE(equal(route.from_guest(outside), inside)) << share << text;
            const Bytes answer = segment(kLoopBack, gate, kNatGuest, 1025, text);
            const Bytes shown = segment(kNatShare, share, kNatGuest, 1025, text);
            EXPECT_TRUE(equal(route.to_guest(answer), shown)) << share << text;
        }
    }
}

TEST(ShareRoute, LeavesAllOthersAsTheyAre)
{
    ShareRoute route{kPorts};
    Bytes fragment = segment(kNatGuest, 1025, kNatShare, 445, "hello");
    fragment[21] = 1;
    for (const Bytes& frame :
         {segment(kNatGuest, 1025, kNatShare, 80, ""), segment(kNatGuest, 445, kNatGateway, 445, ""),
          segment(kNatGuest, 1025, kLoopBack, 40001, ""), segment(kNatGuest, 1025, kNatShare, 445, "", 17), fragment,
          Bytes(14, 8), Bytes{}}) {
        EXPECT_EQ(route.from_guest(frame).data(), frame.data());
        EXPECT_EQ(route.to_guest(frame).data(), frame.data());
    }
    const Bytes own = segment(kLoopBack, 445, kNatGuest, 1025, "");
    EXPECT_EQ(route.to_guest(own).data(), own.data());
}

TEST(ShareRoute, KeepsAWrongChecksumWrong)
{
    ShareRoute route{kPorts};
    Bytes frame = segment(kNatGuest, 1025, kNatShare, 445, "hello");
    frame[50] ^= 0x40;
    const Bytes led{route.from_guest(frame).begin(), route.from_guest(frame).end()};
    EXPECT_TRUE(backend::network_checksum_right(led, *backend::ip_packet(led)));
    EXPECT_FALSE(backend::transport_checksum_right(led, *backend::ip_packet(led)));
}

TEST(ShareRoute, LeadsNowhereIfNothingIsShared)
{
    ShareRoute route{{}};
    const Bytes frame = segment(kNatGuest, 1025, kNatShare, 445, "");
    EXPECT_EQ(route.from_guest(frame).data(), frame.data());
    const Bytes answer = segment(kLoopBack, 0, kNatGuest, 1025, "");
    EXPECT_EQ(route.to_guest(answer).data(), answer.data());
}

} // namespace
} // namespace windsor::network
