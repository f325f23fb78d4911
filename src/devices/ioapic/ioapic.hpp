// SPDX-License-Identifier: GPL-2.0-or-later
// I/O APIC 82093AA.
#pragma once

#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "devices/ioapic/spec.hpp"
#include "devices/lapic/message.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <utility>

namespace windsor::devices::ioapic {

// Used under the machine lock. Inputs are "asserted" or not, whatever the polarity bit says: guests
// describe with it how a board is wired, and this one has no wires.
class IoApic final : public bus::AccessHandler, public bus::IrqSink {
public:
    struct State {
        std::uint32_t id{0}; // as the register has it: bits 27-24
        std::uint8_t select{0};
        std::array<std::uint64_t, kMostPins> entries{};
        std::uint64_t levels{0}; // bit n: input n is asserted
    };

    // Delivers a message; false if nobody took it (then a level-triggered interrupt is offered again at
    // the next occasion).
    using Deliver = std::function<bool(const lapic::Message&)>;

    // `pins` is 24 or 48.
    IoApic(unsigned pins, Deliver deliver);

    // Told of each change of an entry, before what follows from it is sent.
    void on_entry_changed(std::function<void()> listener) { entry_changed_ = std::move(listener); }

    void reset();
    // The page of registers.
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    // Drives an input; who shares one ORs before.
    void set_irq(unsigned input, bool level) override;
    // A local APIC has ended a level-triggered interrupt of this vector.
    void end_of_interrupt(std::uint8_t vector);
    // What an input sends.
    lapic::Message message(unsigned pin) const;

    unsigned pins() const { return pins_; }
    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    std::uint32_t read_register() const;
    void write_register(std::uint32_t value);
    void write_entry(unsigned pin, std::uint64_t value);
    void offer_level(unsigned pin);
    bool send(unsigned pin);
    bool asserted(unsigned pin) const { return (state_.levels >> pin & 1) != 0; }

    unsigned pins_;
    Deliver deliver_;
    std::function<void()> entry_changed_;
    State state_;
};

} // namespace windsor::devices::ioapic
