// SPDX-License-Identifier: GPL-2.0-or-later
// A pointing device, as consoles move it.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstdint>

namespace windsor::backend {

enum class PointerButtons : std::uint8_t { None = 0, Left = 1, Right = 2, Middle = 4 };

class Pointer {
public:
    virtual ~Pointer() = default;
    // Movement in counts, right and down positive; wheel clicks, towards the user positive;
    // `buttons` is the set held now (bits of PointerButtons).
    virtual void move(int dx, int dy, int wheel, std::uint8_t buttons) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
