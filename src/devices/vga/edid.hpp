// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/screen.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::vga {

// What a monitor that prefers `preferred` at 60 Hz says of itself (VESA E-EDID 1.4, one block).
// `preferred` is at most 4095 pixels either way.
std::array<std::uint8_t, 128> make_edid(backend::Size preferred);

} // namespace windsor::devices::vga
