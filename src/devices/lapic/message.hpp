// SPDX-License-Identifier: GPL-2.0-or-later
// What travels between I/O APIC, local APICs and message-signalled devices.
#pragma once

#include <cstdint>

namespace windsor::devices::lapic {

// SDM APIC, "Interrupt Command Register": the same coding everywhere.
enum class DeliveryMode : std::uint8_t {
    Fixed = 0,
    LowestPriority = 1,
    Smi = 2,
    Reserved = 3,
    Nmi = 4,
    Init = 5,
    StartUp = 6,
    ExtInt = 7,
};
enum class DestinationMode : std::uint8_t { Physical, Logical };
enum class Trigger : std::uint8_t { Edge, Level };

// Every processor, in physical mode. Senders with 8-bit destinations turn 0xff into it.
constexpr std::uint32_t kEveryone = 0xffffffff;

struct Message {
    std::uint32_t destination{0};
    DestinationMode destination_mode{DestinationMode::Physical};
    DeliveryMode mode{DeliveryMode::Fixed};
    std::uint8_t vector{0};
    Trigger trigger{Trigger::Edge};

    bool operator==(const Message&) const = default;

    // Widens an 8-bit destination.
    static constexpr std::uint32_t wide(std::uint8_t destination, DestinationMode mode)
    {
        return destination == 0xff && mode == DestinationMode::Physical ? kEveryone : destination;
    }

    // What a device's memory write to 0xfeexxxxx means (SDM APIC, "Message Signalled Interrupts").
    static constexpr Message from_msi(std::uint64_t address, std::uint32_t data)
    {
        const auto mode = (address & 4) != 0 ? DestinationMode::Logical : DestinationMode::Physical;
        return {.destination = wide(static_cast<std::uint8_t>(address >> 12), mode),
                .destination_mode = mode,
                .mode = static_cast<DeliveryMode>(data >> 8 & 7),
                .vector = static_cast<std::uint8_t>(data),
                .trigger = (data >> 15 & 1) != 0 ? Trigger::Level : Trigger::Edge};
    }
};

} // namespace windsor::devices::lapic
