// SPDX-License-Identifier: GPL-2.0-or-later
// Pointing devices, as consoles move them.
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
    // Whether it is there, and a driver of the guest's asks it for news, as far as the device can know.
    virtual bool in_use() const WINDSOR_REQUIRES(bus::kMachineLock) { return true; }
};

// The right and lower edge of the screen, as an AbsolutePointer counts.
constexpr unsigned kFarthestPosition = 0x7fff;

// A tablet: where the pointer is, and not how far it has gone.
class AbsolutePointer {
public:
    virtual ~AbsolutePointer() = default;
    // `x` and `y` are 0 to kFarthestPosition of the screen's width and height; the rest is as a Pointer's.
    virtual void move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons)
        WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    virtual bool in_use() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// The position that leads the guest's pointer to a pixel of a line, or column, of `pixels`. Guests differ in how they
// come from positions to pixels: some give each pixel an equal share of the way, others let the ends of the way be the
// first and the last pixel. This is halfway between the middles of what the two take as that pixel, which is right for
// both.
constexpr unsigned position_of_pixel(unsigned pixel, unsigned pixels)
{
    if (pixels < 2) {
        return kFarthestPosition / 2;
    }
    const std::uint64_t last = pixels - 1;
    const std::uint64_t at = pixel < last ? pixel : last;
    // kFarthestPosition * ((at + 1/2) / pixels + at / last) / 2, rounded
    const std::uint64_t share = (2 * at + 1) * last + 2 * at * pixels;
    const std::uint64_t whole = 4 * std::uint64_t{pixels} * last;
    return static_cast<unsigned>((kFarthestPosition * share + whole / 2) / whole);
}

} // namespace windsor::backend
