// SPDX-License-Identifier: GPL-2.0-or-later
// Periodic interrupts that a guest could not take in time.
#pragma once

#include <cstdint>

namespace windsor::chipset {

// What a timer does about them.
enum class MissedTicks : std::uint8_t {
    Collapse, // all that were missed become one late tick, as on hardware
    Deliver,  // each is delivered as soon as the guest has taken the one before, so that its clock loses no time
};

// What has become of the last interrupt that a timer sent.
enum class TickState : std::uint8_t {
    Taken,    // a new one would be noticed
    Pending,  // it still waits, and a new one would be lost
    Unwanted, // the interrupt is masked
};

} // namespace windsor::chipset
