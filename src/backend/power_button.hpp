// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bus/machine_lock.hpp"

namespace windsor::backend {

class PowerButton {
public:
    virtual ~PowerButton() = default;
    // False if no operating system listens to it.
    virtual bool press() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
