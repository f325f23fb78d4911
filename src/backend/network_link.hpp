// SPDX-License-Identifier: GPL-2.0-or-later
// The two ends of a network cable. Used with the machine lock held.
#pragma once

#include "bus/machine_lock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::backend {

// An Ethernet frame (IEEE 802.3, 3.1.1) begins with the destination address and ends with its data: it has neither
// preamble nor frame check sequence. It may be shorter than the 60 bytes that a wire carries at least, and longer than
// the 1,514 that most networks carry at most, up to this.
constexpr std::size_t kLongestFrame = 16'384;
// The header: destination, source, and a type or length.
constexpr std::size_t kFrameHeader = 14;

using MacAddress = std::array<std::uint8_t, 6>;

// The world's end: takes what the guest sends.
class NetworkLink {
public:
    virtual ~NetworkLink() = default;
    // Takes a frame of kFrameHeader to kLongestFrame bytes, or drops it where there is no room, as networks do. Waits
    // for nobody, and keeps no reference to the bytes.
    virtual void send(std::span<const std::uint8_t> frame) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // The guest takes frames again, of which its card has refused one.
    virtual void input_wanted() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// The guest's end.
class NetworkCard {
public:
    virtual ~NetworkCard() = default;
    // Offers a frame of kFrameHeader to kLongestFrame bytes. False if the guest has no room for it now: the link is
    // told when it is worth trying again. A frame that the card's filters reject, or that nobody will ever have room
    // for, counts as taken.
    virtual bool receive(std::span<const std::uint8_t> frame) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Whether the cable is plugged in. It is at first.
    virtual void set_carrier(bool present) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
