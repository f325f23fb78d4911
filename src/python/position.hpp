// SPDX-License-Identifier: GPL-2.0-or-later
// A place in a text.
#pragma once

#include <cstdint>

namespace windsor::python {

// Line and column count from 1, columns in bytes. Line 0 means no particular place.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    bool operator==(const Position&) const = default;
};

} // namespace windsor::python
