// SPDX-License-Identifier: GPL-2.0-or-later
// The bus between all local APICs and the I/O APIC.
#pragma once

#include "devices/lapic/message.hpp"
#include "devices/lapic/spec.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace windsor::devices::lapic {

class Lapic;

// Used under the machine lock.
class ApicBus {
public:
    struct State {
        std::uint32_t last_lowest{0}; // who took the last lowest-priority interrupt, by place on the bus
    };

    // Called by each Lapic for itself.
    void attach(Lapic& lapic);
    void detach(Lapic& lapic);

    // Brings a message to those it is for. False if nobody took it. Of several candidates for a
    // lowest-priority message the one with the lowest processor priority gets it, in turn among equals.
    bool deliver(const Message& message);
    // An interrupt command of `source`.
    void send(const Message& message, Shorthand shorthand, Lapic& source);

    // Where the end of a level-triggered interrupt goes: to the I/O APICs.
    void on_end_of_interrupt(std::function<void(std::uint8_t vector)> listener) { listener_ = std::move(listener); }
    void end_of_interrupt(std::uint8_t vector);

    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    bool deliver_lowest(const Message& message, const Lapic* excluded);

    std::vector<Lapic*> lapics_;
    std::function<void(std::uint8_t)> listener_;
    State state_;
};

} // namespace windsor::devices::lapic
