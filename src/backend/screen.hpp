// SPDX-License-Identifier: GPL-2.0-or-later
// A display adapter's picture, as consoles see it.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace windsor::backend {

struct Size {
    unsigned width{0};  // pixels
    unsigned height{0}; // pixels

    bool operator==(const Size&) const = default;
};

struct Rectangle {
    unsigned x{0};
    unsigned y{0};
    unsigned width{0};
    unsigned height{0};

    bool operator==(const Rectangle&) const = default;
};

// Pixels as 0x00RRGGBB, row after row without padding.
struct Picture {
    Size size{};
    std::vector<std::uint32_t> pixels{};
};

struct TextCell {
    std::uint8_t character{' '}; // code page 437
    std::uint8_t attribute{0x07};
};

// The characters of a text mode, row after row.
struct TextScreen {
    unsigned columns{0};
    unsigned rows{0};
    std::vector<TextCell> cells{};
    bool cursor_visible{false};
    unsigned cursor_column{0};
    unsigned cursor_row{0};
};

class Screen {
public:
    virtual ~Screen() = default;

    // Notes what the screen shows now, and what of it has changed; quick. It and draw() are called by one thread at a
    // time, whose business that is.
    virtual void capture() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Brings `picture` up to date with the last capture(), resizing it on a mode change, and gives the rectangles that
    // changed since the last call with the same picture; the whole picture after a resize or invalidate(). It takes its
    // time, and so needs no lock: what the guest draws meanwhile may be in the picture, and is found changed by the
    // next capture().
    virtual std::vector<Rectangle> draw(Picture& picture) = 0;
    // Both at once.
    std::vector<Rectangle> update(Picture& picture) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        capture();
        return draw(picture);
    }
    // The next capture() is drawn from the ground up.
    virtual void invalidate() WINDSOR_REQUIRES(bus::kMachineLock) = 0;

    // True in a text mode, and then `screen` has what it shows.
    virtual bool text(TextScreen& screen) const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
