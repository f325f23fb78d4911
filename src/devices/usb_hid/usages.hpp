// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/keyboard.hpp"

#include <cstdint>

namespace windsor::devices::usb_hid {

// A key's usage on the keyboard page (HID Usage Tables, 10); 0 if it has none.
std::uint8_t usage_of(backend::KeyCode code);

} // namespace windsor::devices::usb_hid
