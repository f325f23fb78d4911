// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bus/machine_lock.hpp"

#include <cstdint>

namespace windsor::backend {

// The guest's real-time clock, as its host sees it.
class GuestClock {
public:
    virtual ~GuestClock() = default;
    // What it shows, in seconds since 1970 of the guest's time zone.
    virtual std::int64_t seconds() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // It shows a time `by` seconds later (or earlier) from now on.
    virtual void skip(std::int64_t by) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
