// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/guest_addresses.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <iterator>

namespace windsor::network {

namespace {

using Bytes = std::span<const std::uint8_t>;
using backend::Network;

constexpr std::size_t kMac = 6;
constexpr std::size_t kV4 = 4;
constexpr std::size_t kV6 = 16;

// EtherTypes, and what announces a VLAN tag of four bytes (IEEE 802.1Q).
constexpr unsigned kTypeV4 = 0x0800;
constexpr unsigned kTypeArp = 0x0806;
constexpr unsigned kTypeV6 = 0x86dd;
constexpr unsigned kTagged = 0x8100;
constexpr std::size_t kTag = 4;

unsigned word(Bytes bytes, std::size_t at)
{
    return unsigned{bytes[at]} << 8 | bytes[at + 1];
}

// RFC 6890: network 0 is no address yet, network 127 is the guest's own business; from 224 on there are groups of
// stations, what is reserved, and the broadcast.
bool is_of_one_v4(Bytes address)
{
    return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

// RFC 4291: groups begin with 0xff; "::", "::1" and the forms of IPv4 addresses with eight zero bytes.
bool is_of_one_v6(Bytes address)
{
    return address[0] != 0xff && std::ranges::any_of(address.first(8), [](std::uint8_t byte) { return byte != 0; });
}

std::optional<Sighting> sighting(Network network, Bytes address, Evidence evidence)
{
    if (!(network == Network::Ipv4 ? is_of_one_v4(address) : is_of_one_v6(address))) {
        return std::nullopt;
    }
    Sighting seen{.address = {.network = network}, .evidence = evidence};
    std::ranges::copy(address, seen.address.bytes.begin());
    return seen;
}

// A request or reply of ARP for IPv4 over Ethernet, whose sender is the frame's: what somebody else is said to have
// there is no claim of the guest's own.
std::optional<Sighting> of_arp(Bytes packet, Bytes sender)
{
    constexpr std::size_t kSize = 28;
    constexpr std::size_t kOperation = 6;
    constexpr std::size_t kSenderMac = 8;
    constexpr std::size_t kSenderAddress = 14;
    constexpr std::array<std::uint8_t, kOperation> kEthernetV4{0, 1, 8, 0, kMac, kV4};
    if (packet.size() < kSize || !std::ranges::equal(packet.first(kOperation), kEthernetV4)) {
        return std::nullopt;
    }
    const unsigned operation = word(packet, kOperation);
    if ((operation != 1 && operation != 2) || !std::ranges::equal(packet.subspan(kSenderMac, kMac), sender)) {
        return std::nullopt;
    }
    return sighting(Network::Ipv4, packet.subspan(kSenderAddress, kV4), Evidence::Claimed);
}

std::optional<Sighting> of_v4(Bytes packet)
{
    constexpr std::size_t kHeader = 20;
    constexpr std::size_t kSource = 12;
    if (packet.size() < kHeader || packet[0] >> 4 != 4) {
        return std::nullopt;
    }
    return sighting(Network::Ipv4, packet.subspan(kSource, kV4), Evidence::Used);
}

// Whether the packet is one of Neighbor Discovery, which no router passes on (RFC 4861, 6.1 and 7.1): the types from
// Router Solicitation, 133, to Neighbor Advertisement, 136, with a hop limit of 255.
bool is_neighbor_discovery(Bytes packet)
{
    constexpr std::size_t kNextHeader = 6;
    constexpr std::size_t kHopLimit = 7;
    constexpr std::size_t kType = 40;
    constexpr std::uint8_t kIcmpV6 = 58;
    return packet.size() > kType && packet[kNextHeader] == kIcmpV6 && packet[kHopLimit] == 255 &&
           packet[kType] >= 133 && packet[kType] <= 136;
}

std::optional<Sighting> of_v6(Bytes packet)
{
    constexpr std::size_t kHeader = 40;
    constexpr std::size_t kSource = 8;
    if (packet.size() < kHeader || packet[0] >> 4 != 6) {
        return std::nullopt;
    }
    return sighting(Network::Ipv6, packet.subspan(kSource, kV6),
                    is_neighbor_discovery(packet) ? Evidence::Claimed : Evidence::Used);
}

struct Packet {
    unsigned type{0}; // EtherType
    Bytes bytes{};
};

// What the frame carries, at once or behind one VLAN tag; nothing if it is too short.
Packet packet_in(Bytes frame)
{
    constexpr std::size_t kType = backend::kFrameHeader - 2;
    std::size_t header = backend::kFrameHeader;
    if (frame.size() < header + kTag) {
        return {};
    }
    unsigned type = word(frame, kType);
    if (type == kTagged) {
        type = word(frame, kType + kTag);
        header += kTag;
    }
    return {.type = type, .bytes = frame.subspan(header)};
}

// The message of a UDP datagram from a DHCP server to a client; empty if the packet is none, or a fragment.
Bytes dhcp_message(Bytes packet)
{
    constexpr std::size_t kLeastHeader = 20;
    constexpr std::size_t kUdpHeader = 8;
    constexpr std::size_t kFragment = 6;
    constexpr std::size_t kProtocol = 9;
    constexpr unsigned kOffsetOrMore = 0x3fff;
    constexpr std::uint8_t kUdp = 17;
    constexpr unsigned kServer = 67;
    constexpr unsigned kClient = 68;
    if (packet.size() < kLeastHeader || packet[0] >> 4 != 4 || packet[kProtocol] != kUdp ||
        (word(packet, kFragment) & kOffsetOrMore) != 0) {
        return {};
    }
    const std::size_t header = std::size_t{packet[0] & 0xfU} * 4;
    if (header < kLeastHeader || packet.size() < header + kUdpHeader || word(packet, header) != kServer ||
        word(packet, header + 2) != kClient) {
        return {};
    }
    return packet.subspan(header + kUdpHeader);
}

// Whether the options (RFC 2132) have the type of the message, and that is DHCPACK.
bool is_acknowledgement(Bytes options)
{
    constexpr std::uint8_t kPad = 0;
    constexpr std::uint8_t kEnd = 255;
    constexpr std::uint8_t kMessageType = 53;
    constexpr std::uint8_t kAck = 5;
    while (!options.empty() && options[0] != kEnd) {
        if (options[0] == kPad) {
            options = options.subspan(1);
            continue;
        }
        if (options.size() < 2 || options.size() < std::size_t{2} + options[1]) {
            return false;
        }
        if (options[0] == kMessageType) {
            return options[1] == 1 && options[2] == kAck;
        }
        options = options.subspan(std::size_t{2} + options[1]);
    }
    return false;
}

} // namespace

std::string to_string(const GuestAddress& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = address.network == Network::Ipv4 ? AF_INET : AF_INET6;
    return ::inet_ntop(family, address.bytes.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

std::optional<Sighting> sender_of(Bytes frame)
{
    const auto [type, packet] = packet_in(frame);
    switch (type) {
    case kTypeArp: return of_arp(packet, frame.subspan(kMac, kMac));
    case kTypeV4: return of_v4(packet);
    case kTypeV6: return of_v6(packet);
    default: return std::nullopt;
    }
}

// The places are those of RFC 2131, figure 1.
std::optional<GuestAddress> granted_by(Bytes frame, const backend::MacAddress& station)
{
    constexpr std::size_t kYourAddress = 16;
    constexpr std::size_t kHardwareAddress = 28;
    constexpr std::size_t kCookie = 236;
    constexpr std::array<std::uint8_t, 4> kMagic{99, 130, 83, 99};
    constexpr std::array<std::uint8_t, 3> kReplyOnEthernet{2, 1, kMac};
    constexpr std::size_t kOptions = kCookie + kMagic.size();
    const auto [type, packet] = packet_in(frame);
    const Bytes message = type == kTypeV4 ? dhcp_message(packet) : Bytes{};
    if (message.size() < kOptions || !std::ranges::equal(message.first(3), kReplyOnEthernet) ||
        !std::ranges::equal(message.subspan(kHardwareAddress, kMac), station) ||
        !std::ranges::equal(message.subspan(kCookie, kMagic.size()), kMagic) ||
        !is_acknowledgement(message.subspan(kOptions))) {
        return std::nullopt;
    }
    const auto granted = sighting(Network::Ipv4, message.subspan(kYourAddress, kV4), Evidence::Used);
    return granted ? std::optional{granted->address} : std::nullopt;
}

void GuestAddresses::note(Bytes frame)
{
    if (frame.size() >= backend::kFrameHeader) {
        std::ranges::copy(frame.subspan(kMac, kMac), station_.begin());
    }
    if (const auto seen = sender_of(frame)) {
        add(*seen);
    }
}

void GuestAddresses::note_received(Bytes frame)
{
    if (const auto address = granted_by(frame, station_)) {
        add({.address = *address, .evidence = Evidence::Used});
    }
}

void GuestAddresses::add(const Sighting& seen)
{
    auto* const end = known_.begin() + count_;
    auto* found = std::find_if(known_.begin(), end, [&](const Sighting& one) { return one.address == seen.address; });
    Evidence evidence = seen.evidence;
    if (found != end) {
        evidence = std::max(evidence, found->evidence);
    } else if (count_ < kMost) {
        ++count_;
    } else if (evidence == Evidence::Used && known_.back().evidence == Evidence::Claimed) {
        return; // what is surer is not forgotten for it
    } else {
        --found; // the last one gives way
    }
    // It goes before those that are no surer, and those between move on by one.
    auto* const place =
        std::find_if(known_.begin(), found, [&](const Sighting& one) { return one.evidence <= evidence; });
    std::move_backward(place, found, found + 1);
    *place = {.address = seen.address, .evidence = evidence};
}

std::vector<GuestAddress> GuestAddresses::all() const
{
    std::vector<GuestAddress> all;
    std::ranges::transform(std::span{known_}.first(count_), std::back_inserter(all), &Sighting::address);
    return all;
}

} // namespace windsor::network
