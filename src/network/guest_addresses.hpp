// SPDX-License-Identifier: GPL-2.0-or-later
// Which addresses a guest has on a network card, as far as the frames say that go by it.
#pragma once

#include "backend/frame.hpp"
#include "backend/network_link.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windsor::network {

struct GuestAddress {
    backend::Network network{backend::Network::Ipv4};
    std::array<std::uint8_t, 16> bytes{}; // in network order; those of IPv4 are the first four

    bool operator==(const GuestAddress&) const = default;
};

// "10.0.2.15", "fe80::1".
std::string to_string(const GuestAddress& address);

// How sure it is that the sender of a frame has the address, from the least.
enum class Evidence : std::uint8_t {
    Used,    // a packet comes from it, which a guest that is a router may only pass on, or DHCP has granted it
    Claimed, // the sender says so, in ARP or in Neighbor Discovery
};

struct Sighting {
    GuestAddress address{};
    Evidence evidence{Evidence::Used};
};

// The address that a frame says that its sender has: of ARP (RFC 826), IPv4 and IPv6, at once or behind one VLAN tag.
// None if there is none, or if it is none that one station can have, such as a multicast address or a loop-back one.
// The frame is of any bytes and any length.
std::optional<Sighting> sender_of(std::span<const std::uint8_t> frame);

// The address that a frame grants to the station of that MAC address, as DHCPACK does (RFC 2131). None if it grants
// none, under the same conditions.
std::optional<GuestAddress> granted_by(std::span<const std::uint8_t> frame, const backend::MacAddress& station);

// The newest addresses of one card. A guest can have any number follow one another: it only fills its own list.
class GuestAddresses {
public:
    static constexpr std::size_t kMost = 8;

    // Takes note of what a frame says that the guest sends.
    void note(std::span<const std::uint8_t> frame);
    // And of one that it receives: of an address that is granted to the station which has sent last.
    void note_received(std::span<const std::uint8_t> frame);

    // Those that were claimed before those that were only used, and the newest first.
    std::vector<GuestAddress> all() const;

private:
    void add(const Sighting& seen);

    backend::MacAddress station_{};
    std::array<Sighting, kMost> known_{}; // in the order in which all() gives them
    std::size_t count_{0};
};

} // namespace windsor::network
