// SPDX-License-Identifier: GPL-2.0-or-later
// What the devices say of themselves, which tells drivers all that they need to know.
#pragma once

#include "backend/usb_socket.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace windsor::devices::usb_hid {

using Bytes = std::vector<std::uint8_t>;

// How a report of a pointing device is laid out, in the report protocol.
constexpr std::size_t kTabletReport = 6;    // buttons, x and y as words, wheel
constexpr std::size_t kMouseReport = 4;     // buttons, x, y, wheel
constexpr std::size_t kMouseBootReport = 3; // without the wheel; HID, B.2
constexpr std::size_t kKeyboardReport = 8;  // modifiers, a reserved byte, six keys; HID, B.1
constexpr std::size_t kKeyboardOutput = 1;  // the indicators

// Of a kind that is one. Types and indices as GET_DESCRIPTOR has them (9.4.3; HID 7.1.1); none if there is no such
// descriptor.
std::optional<Bytes> device_descriptor_of(backend::UsbKind kind, std::uint8_t type, std::uint8_t index);
std::optional<Bytes> interface_descriptor_of(backend::UsbKind kind, std::uint8_t type);

} // namespace windsor::devices::usb_hid
