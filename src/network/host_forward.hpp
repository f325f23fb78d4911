// SPDX-License-Identifier: GPL-2.0-or-later
// A port of the host that leads to one of the guest's.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>

namespace windsor::network {

enum class Transport : std::uint8_t { Tcp, Udp };

struct HostForward {
    Transport transport{Transport::Tcp};
    in_addr host{};  // the host's address that listens, in network order
    std::uint16_t host_port{0};
    in_addr guest{}; // in network order
    std::uint16_t guest_port{0};

    bool operator==(const HostForward& other) const;
};

// Reads what QEMU calls hostfwd: "[tcp|udp]:[HOST]:PORT-[GUEST]:PORT". Without a host's address only this host can
// connect, by 127.0.0.1; without a guest's address it is the one that DHCP gives the guest.
base::Result<HostForward> parse_host_forward(std::string_view text);

// The same in words: "tcp 127.0.0.1:3389 to 10.0.2.15:3389".
std::string to_string(const HostForward& forward);

} // namespace windsor::network
