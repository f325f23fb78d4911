// SPDX-License-Identifier: GPL-2.0-or-later
// The cable between a USB host controller's port and a full-speed device (USB 2.0, chapter 8): what a host sends, and
// what a device answers. Neither side knows the other. All is called with the machine lock held.
#pragma once

#include "bus/machine_lock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::chipset::usb {

// Packet identifiers of tokens, 8.3.1, with the check bits.
enum class Token : std::uint8_t { Out = 0xe1, In = 0x69, Setup = 0x2d };

// Which of the two data packet identifiers a packet has, 8.6.
enum class Toggle : std::uint8_t { Data0, Data1 };

constexpr Toggle other(Toggle toggle)
{
    return toggle == Toggle::Data0 ? Toggle::Data1 : Toggle::Data0;
}

enum class Handshake : std::uint8_t {
    None, // nobody answers in time, 8.7.2
    Ack,  // or a data packet, where the host has asked for one
    Nak,
    Stall,
};

// The most that a full-speed packet carries but for isochronous ones, 5.5.3.
constexpr std::size_t kLongestPacket = 64;
// What SETUP carries, 8.5.3.
constexpr std::size_t kSetupBytes = 8;

// What a device answers to IN.
struct Packet {
    Handshake handshake{Handshake::None};
    Toggle toggle{Toggle::Data0};
    std::size_t size{0}; // of the data; at most kLongestPacket
    std::array<std::uint8_t, kLongestPacket> data{};

    std::span<const std::uint8_t> bytes() const { return std::span{data}.first(size); }
};

class Device {
public:
    virtual ~Device() = default;

    // The address that it answers at; 0 until it is told one.
    virtual std::uint8_t address() const = 0;
    // Ten milliseconds of silence, 7.1.7.5: it is unconfigured and at address 0.
    virtual void bus_reset() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // OUT or SETUP. The data is as long as the host says, and may be more than the endpoint takes.
    virtual Handshake take(unsigned endpoint, Token token, Toggle toggle, std::span<const std::uint8_t> data)
        WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // IN. The packet is sent again until the host has acknowledged it.
    virtual Packet give(unsigned endpoint) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    virtual void acknowledged(unsigned endpoint) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// Whether a device may wake a host that has suspended it, 9.1.1.6.
enum class RemoteWakeup : std::uint8_t { Disabled, Enabled };

// A port of a root hub.
class Port {
public:
    virtual ~Port() = default;

    // Plugs a device in, which lives until it is unplugged, in place of one that may be there.
    virtual void connect(Device& device) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    virtual void disconnect() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Puts the device there that was there when the port's state was saved, or null; the guest hears nothing of it.
    virtual void restore(Device* device) = 0;
    // The device has something to tell to whoever asks: the host need not wait any longer before it does.
    virtual void ready(RemoteWakeup wakeup) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::chipset::usb
