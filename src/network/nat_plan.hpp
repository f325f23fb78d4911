// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of a guest's network behind NAT, which are those that QEMU's users know.
#pragma once

#include <cstdint>
#include <netinet/in.h>

namespace windsor::network {

constexpr in_addr address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d)
{
    return {static_cast<in_addr_t>(std::uint32_t{d} << 24 | std::uint32_t{c} << 16 | std::uint32_t{b} << 8 | a)};
}

constexpr in_addr kNatNetwork = address(10, 0, 2, 0);
constexpr in_addr kNatMask = address(255, 255, 255, 0);
constexpr in_addr kNatGateway = address(10, 0, 2, 2);
constexpr in_addr kNatNameServer = address(10, 0, 2, 3);
constexpr in_addr kNatShare = address(10, 0, 2, 4); // shared folders
constexpr in_addr kNatGuest = address(10, 0, 2, 15); // by DHCP

// What SMB is spoken by: TCP alone, and NetBIOS over TCP (RFC 1002).
constexpr std::uint16_t kSmbPort = 445;
constexpr std::uint16_t kSmbSessionPort = 139;

} // namespace windsor::network
