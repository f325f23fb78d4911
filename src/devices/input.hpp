// SPDX-License-Identifier: GPL-2.0-or-later
// What consoles send to keyboards and pointing devices.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstdint>

namespace windsor::devices {

// A key's IBM PC scan code set 1 make code; keys of the 0xE0 group as 0xE0xx (right Ctrl is 0xE01D).
// Pause is 0xE11D, Print Screen 0xE037.
using KeyCode = std::uint16_t;

class KeyboardInput {
public:
    virtual ~KeyboardInput() = default;
    virtual void key(KeyCode code, bool pressed) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

enum class MouseButtons : std::uint8_t { None = 0, Left = 1, Right = 2, Middle = 4 };

class MouseInput {
public:
    virtual ~MouseInput() = default;
    // Movement in counts, right and down positive; wheel clicks, towards the user positive;
    // `buttons` is the set held now (bits of MouseButtons).
    virtual void move(int dx, int dy, int wheel, std::uint8_t buttons) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::devices
