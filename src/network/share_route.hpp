// SPDX-License-Identifier: GPL-2.0-or-later
// Brings a guest's connections to its shared folders, at an address that no host has, to ports of the host's loop-back
// address, and the answers back: the addresses and ports in the frames are replaced, in both directions alike for each
// frame, so that nothing has to be remembered.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::network {

class ShareRoute {
public:
    // Of 127.0.0.1: the ones that stand for ports 445 and 139 of kNatShare. 0: there are none.
    struct Ports {
        std::uint16_t direct{0};  // SMB over TCP
        std::uint16_t session{0}; // SMB over NetBIOS over TCP (RFC 1002, 4.3), for Windows 98 and NT
    };

    explicit ShareRoute(Ports ports) : ports_{ports} {}

    bool exists() const { return ports_.direct != 0; }
    // Each gives the frame itself if it is none of the route's, or one that is there until the next call.
    std::span<const std::uint8_t> from_guest(std::span<const std::uint8_t> frame);
    std::span<const std::uint8_t> to_guest(std::span<const std::uint8_t> frame);

private:
    Ports ports_;
    std::vector<std::uint8_t> changed_;
};

} // namespace windsor::network
