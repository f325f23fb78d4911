// SPDX-License-Identifier: GPL-2.0-or-later
// A port of the machine's USB, into which people plug devices.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstddef>
#include <cstdint>

namespace windsor::backend {

enum class UsbKind : std::uint8_t { None, Tablet, Mouse, Keyboard };

// Of a machine that has USB.
constexpr std::size_t kUsbPorts = 2;

class UsbSocket {
public:
    virtual ~UsbSocket() = default;
    // What is plugged in.
    virtual UsbKind kind() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Plugs a device in, in place of one that may be there; None takes it out.
    virtual void plug(UsbKind kind) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Whether a driver of the guest's has configured the device, and asks it for news.
    virtual bool in_use() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
