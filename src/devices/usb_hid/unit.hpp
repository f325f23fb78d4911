// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/usb_socket.hpp"
#include "chipset/slot.hpp"

#include <cstddef>

namespace windsor::devices::usb_hid {

// What people plug into the USB port of that number, from 0, which is among the outlets already; a device of that kind
// at first. It is a UsbSocket, a keyboard, a pointer and an absolute pointer, each of them while it is of that kind.
chipset::Make socket(std::size_t port, backend::UsbKind kind);

} // namespace windsor::devices::usb_hid
