// SPDX-License-Identifier: GPL-2.0-or-later
// The two ends of a serial line. Used with the machine lock held.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::backend {

// The world's end: takes what the guest transmits, and has what it receives.
class CharacterSink {
public:
    virtual ~CharacterSink() = default;
    virtual void transmit(std::uint8_t byte) = 0;
    // The guest takes characters again, of which it has refused some.
    virtual void input_wanted() = 0;
};

// The guest's end.
class CharacterDevice {
public:
    virtual ~CharacterDevice() = default;
    // Offers characters to the guest; gives how many were taken from the front. If not all, the sink is told when it is
    // worth trying again.
    virtual std::size_t receive(std::span<const std::uint8_t> characters) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
