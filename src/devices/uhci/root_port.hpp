// SPDX-License-Identifier: GPL-2.0-or-later
// A port of the root hub: its register, UHCI 2.1.7, and what is plugged in.
#pragma once

#include "chipset/usb.hpp"
#include "devices/uhci/spec.hpp"

#include <functional>

namespace windsor::devices::uhci {

// What the controller wants to hear of.
enum class PortNews : std::uint8_t {
    Ready,  // a device has something to tell
    Resume, // something has happened that ends a global suspend: a device asks for it, or has come or gone
};

class RootPort final : public chipset::usb::Port {
public:
    explicit RootPort(std::function<void(PortNews)> news) : news_{std::move(news)} {}

    std::uint16_t read() const;
    // The bits of `mask`.
    void write(std::uint16_t value, std::uint16_t mask) WINDSOR_REQUIRES(bus::kMachineLock);

    // The device that tokens reach, if it is that address's; null if not.
    chipset::usb::Device* listener(std::uint8_t address) const;

    // Power on, and the end of a reset of the whole bus.
    void reset() WINDSOR_REQUIRES(bus::kMachineLock);
    // A reset of the bus begins, which cuts everything off.
    void begin_global_reset() WINDSOR_REQUIRES(bus::kMachineLock);
    // HCRESET, 2.1.1: for the controller the device is gone for a moment, and then there again.
    void host_reset();

    std::uint16_t state() const { return control_; }
    void load(std::uint16_t control);

    void connect(chipset::usb::Device& device) override WINDSOR_REQUIRES(bus::kMachineLock);
    void disconnect() override WINDSOR_REQUIRES(bus::kMachineLock);
    void restore(chipset::usb::Device* device) override;
    void ready(chipset::usb::RemoteWakeup wakeup) override WINDSOR_REQUIRES(bus::kMachineLock);

private:
    bool is(std::uint16_t bit) const { return (control_ & bit) != 0; }
    void set(std::uint16_t bits) { control_ = static_cast<std::uint16_t>(control_ | bits); }
    void clear(std::uint16_t bits) { control_ = static_cast<std::uint16_t>(control_ & ~bits); }

    std::function<void(PortNews)> news_;
    chipset::usb::Device* device_{nullptr};
    std::uint16_t control_{0}; // port::kKept
};

} // namespace windsor::devices::uhci
