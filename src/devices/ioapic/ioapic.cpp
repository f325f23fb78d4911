// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ioapic/ioapic.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::ioapic {

IoApic::IoApic(unsigned pins, Deliver deliver) : pins_{std::min(pins, kMostPins)}, deliver_{std::move(deliver)}
{
    state_.entries.fill(kMasked);
}

// The inputs are as the devices drive them.
void IoApic::reset()
{
    const std::uint64_t levels = state_.levels;
    state_ = {};
    state_.levels = levels;
    state_.entries.fill(kMasked);
}

bus::ReadResult IoApic::read(std::uint64_t offset, bus::Width width)
{
    const unsigned shift = 8 * static_cast<unsigned>(offset % 4);
    if ((offset & ~std::uint64_t{3}) == kRegisterSelect) {
        return std::uint64_t{state_.select} >> shift;
    }
    if ((offset & ~std::uint64_t{3}) == kWindow) {
        return std::uint64_t{read_register()} >> shift & bus::all_ones(width);
    }
    return bus::AccessStatus::NoRegister;
}

bus::AccessStatus IoApic::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (offset == kRegisterSelect) {
        state_.select = static_cast<std::uint8_t>(value);
        return bus::AccessStatus::Ok;
    }
    if (offset == kWindow) {
        if (bus::bytes(width) >= 4) { // "only as a dword", section 3.1.2
            write_register(static_cast<std::uint32_t>(value));
        }
        return bus::AccessStatus::Ok;
    }
    return bus::AccessStatus::NoRegister;
}

std::uint32_t IoApic::read_register() const
{
    switch (state_.select) {
    case kId:
    case kArbitration: return state_.id;
    case kVersionRegister: return (pins_ - 1) << 16 | kVersion;
    default: break;
    }
    const unsigned pin = (state_.select - kRedirection0) / 2U;
    if (state_.select < kRedirection0 || pin >= pins_) {
        return 0;
    }
    return static_cast<std::uint32_t>(state_.entries[pin] >> (state_.select % 2 * 32));
}

void IoApic::write_register(std::uint32_t value)
{
    if (state_.select == kId) {
        state_.id = value & 0x0f000000;
        return;
    }
    const unsigned pin = (state_.select - kRedirection0) / 2U;
    if (state_.select < kRedirection0 || pin >= pins_) {
        return;
    }
    const unsigned shift = state_.select % 2 * 32;
    const std::uint64_t other_half = state_.entries[pin] & ~(std::uint64_t{0xffffffff} << shift);
    write_entry(pin, other_half | std::uint64_t{value} << shift);
}

// Turning an entry to edge-triggered forgets its remote IRR: systems without an EOI register end a stuck
// interrupt that way.
void IoApic::write_entry(unsigned pin, std::uint64_t value)
{
    std::uint64_t& entry = state_.entries[pin];
    entry = (value & kWritable) | (entry & kReadOnly);
    if ((entry & kLevel) == 0) {
        entry &= ~kRemoteIrr;
    }
    if (entry_changed_) {
        entry_changed_();
    }
    offer_level(pin);
}

void IoApic::set_irq(unsigned input, bool level)
{
    if (input >= pins_ || asserted(input) == level) {
        return;
    }
    state_.levels ^= std::uint64_t{1} << input;
    const std::uint64_t entry = state_.entries[input];
    if ((entry & kLevel) != 0) {
        offer_level(input);
    } else if (level && (entry & kMasked) == 0) {
        // An edge at a masked input is lost (section 3.2.4, bit 16).
        send(input);
    }
}

void IoApic::offer_level(unsigned pin)
{
    std::uint64_t& entry = state_.entries[pin];
    if ((entry & kLevel) != 0 && (entry & (kMasked | kRemoteIrr)) == 0 && asserted(pin) && send(pin)) {
        entry |= kRemoteIrr;
    }
}

bool IoApic::send(unsigned pin)
{
    return deliver_ && deliver_(message(pin));
}

lapic::Message IoApic::message(unsigned pin) const
{
    const std::uint64_t entry = state_.entries[pin];
    const auto mode = (entry & kLogical) != 0 ? lapic::DestinationMode::Logical : lapic::DestinationMode::Physical;
    return {
        .destination = lapic::Message::wide(static_cast<std::uint8_t>(entry >> kDestinationShift), mode),
        .destination_mode = mode,
        .mode = static_cast<lapic::DeliveryMode>(entry >> kDeliveryModeShift & 7),
        .vector = static_cast<std::uint8_t>(entry),
        .trigger = (entry & kLevel) != 0 ? lapic::Trigger::Level : lapic::Trigger::Edge,
    };
}

void IoApic::end_of_interrupt(std::uint8_t vector)
{
    for (unsigned pin = 0; pin < pins_; ++pin) {
        std::uint64_t& entry = state_.entries[pin];
        if ((entry & kRemoteIrr) != 0 && static_cast<std::uint8_t>(entry) == vector) {
            entry &= ~kRemoteIrr;
            offer_level(pin);
        }
    }
}

} // namespace windsor::devices::ioapic
