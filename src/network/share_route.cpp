// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/share_route.hpp"

#include "backend/frame.hpp"
#include "network/nat_plan.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace windsor::network {

namespace {

using Frame = std::span<const std::uint8_t>;

// Offsets into the headers of IPv4 (RFC 791, 3.1) and TCP (RFC 9293, 3.1).
constexpr std::size_t kIpChecksum = 10;
constexpr std::size_t kIpSource = 12;
constexpr std::size_t kIpDestination = 16;
constexpr std::size_t kTcpSource = 0;
constexpr std::size_t kTcpDestination = 2;
constexpr std::size_t kTcpChecksum = 16;

unsigned word_at(Frame frame, std::size_t at)
{
    return static_cast<unsigned>(frame[at] << 8u | frame[at + 1]);
}

// One end of a connection.
struct End {
    in_addr address;
    std::uint16_t port;
};

// Where one end stands in a frame, offsets from its beginning.
struct Place {
    std::size_t address;
    std::size_t port;
};

std::optional<backend::IpPacket> tcp_of_ipv4(Frame frame)
{
    const auto packet = backend::ip_packet(frame);
    const bool fits = packet && packet->network == backend::Network::Ipv4 &&
                      packet->transport == backend::Transport::Tcp && !packet->fragment;
    return fits ? packet : std::nullopt;
}

bool is_at(Frame frame, Place place, const End& end)
{
    return std::memcmp(&frame[place.address], &end.address, sizeof end.address) == 0 &&
           word_at(frame, place.port) == end.port;
}

// RFC 1624, 3: what the checksum in `field` becomes when a word that it covers is changed.
void put_word(std::span<std::uint8_t> frame, std::size_t at, unsigned value, std::span<const std::size_t> fields)
{
    for (const std::size_t field : fields) {
        std::uint32_t sum = (~word_at(frame, field) & 0xffffu) + (~word_at(frame, at) & 0xffffu) + value;
        sum = (sum & 0xffffu) + (sum >> 16u);
        sum = (sum & 0xffffu) + (sum >> 16u);
        frame[field] = static_cast<std::uint8_t>(~sum >> 8u);
        frame[field + 1] = static_cast<std::uint8_t>(~sum);
    }
    frame[at] = static_cast<std::uint8_t>(value >> 8u);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

// The pseudo-header brings the address into TCP's checksum, too.
void put_end(std::span<std::uint8_t> frame, const backend::IpPacket& packet, Place place, const End& end)
{
    const std::array fields{packet.network_header + kIpChecksum, packet.transport_header + kTcpChecksum};
    const std::uint32_t address = ntohl(end.address.s_addr);
    put_word(frame, place.address, address >> 16u, fields);
    put_word(frame, place.address + 2, address & 0xffffu, fields);
    put_word(frame, place.port, end.port, std::span{fields}.last(1));
}

// The frame with `before` replaced by `after`; nothing if it is not there.
bool replace(Frame frame, const backend::IpPacket& packet, Place place, const End& before, const End& after,
             std::vector<std::uint8_t>& changed)
{
    if (!is_at(frame, place, before)) {
        return false;
    }
    changed.assign(frame.begin(), frame.end());
    put_end(changed, packet, place, after);
    return true;
}

constexpr in_addr kLoopBack = address(127, 0, 0, 1);

} // namespace

Frame ShareRoute::from_guest(Frame frame)
{
    const auto packet = exists() ? tcp_of_ipv4(frame) : std::nullopt;
    if (!packet) {
        return frame;
    }
    const Place place{.address = packet->network_header + kIpDestination,
                      .port = packet->transport_header + kTcpDestination};
    const bool ours =
        replace(frame, *packet, place, {kNatShare, kSmbPort}, {kLoopBack, ports_.direct}, changed_) ||
        replace(frame, *packet, place, {kNatShare, kSmbSessionPort}, {kLoopBack, ports_.session}, changed_);
    return ours ? changed_ : frame;
}

Frame ShareRoute::to_guest(Frame frame)
{
    const auto packet = exists() ? tcp_of_ipv4(frame) : std::nullopt;
    if (!packet) {
        return frame;
    }
    const Place place{.address = packet->network_header + kIpSource, .port = packet->transport_header + kTcpSource};
    const bool ours =
        replace(frame, *packet, place, {kLoopBack, ports_.direct}, {kNatShare, kSmbPort}, changed_) ||
        replace(frame, *packet, place, {kLoopBack, ports_.session}, {kNatShare, kSmbSessionPort}, changed_);
    return ours ? changed_ : frame;
}

} // namespace windsor::network
