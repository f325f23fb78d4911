// SPDX-License-Identifier: GPL-2.0-or-later
// A keyboard, as consoles press its keys.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstdint>

namespace windsor::backend {

// A key's IBM PC scan code set 1 make code; keys of the 0xE0 group as 0xE0xx (right Ctrl is 0xE01D).
// Pause is 0xE11D, Print Screen 0xE037.
using KeyCode = std::uint16_t;

class Keyboard {
public:
    virtual ~Keyboard() = default;
    virtual void key(KeyCode code, bool pressed) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Whether it is there, and a driver of the guest's asks it for news, as far as the device can know.
    virtual bool in_use() const WINDSOR_REQUIRES(bus::kMachineLock) { return true; }
};

} // namespace windsor::backend
