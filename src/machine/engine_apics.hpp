// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's side of local APICs that engines have of their own.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "devices/ioapic/ioapic.hpp"
#include "machine/socket.hpp"
#include "vcpu/engine.hpp"

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace windsor::machine {

// Whether the guest has taken the last tick of a timer, where only the ends of its interrupts are told. Some hosts do
// not tell of those that are edge-triggered; so a vector is believed to wait only after an end of it has been told, and
// not for longer than it could be of use.
class TickWatch {
public:
    void sent(std::uint8_t vector, base::Nanoseconds now);
    void ended(std::uint8_t vector);
    bool pending(base::Nanoseconds now) const;
    void forget() { last_.reset(); }

private:
    struct Tick {
        std::uint8_t vector;
        base::Nanoseconds at;
    };

    std::optional<Tick> last_;
    std::bitset<256> told_;
};

// Gives and takes their state, and carries what travels between them and the I/O APIC.
class EngineApics {
public:
    // `timer_pin` of the I/O APIC has the interval timer. All outlive it.
    EngineApics(const std::vector<std::unique_ptr<Socket>>& sockets, devices::ioapic::IoApic& ioapic,
                unsigned timer_pin, const base::Clock& clock, base::Log& log);

    // Engines that have none leave the machine's own in charge. They stand still, both times.
    void hand_out(std::span<vcpu::Engine* const> engines) WINDSOR_REQUIRES(bus::kMachineLock);
    void take_back() WINDSOR_REQUIRES(bus::kMachineLock);
    bool in_charge() const WINDSOR_REQUIRES(bus::kMachineLock) { return messages_ != nullptr; }

    // False if nobody took it.
    bool deliver(const devices::lapic::Message& message) WINDSOR_REQUIRES(bus::kMachineLock);
    // Of the I/O APIC.
    void entry_changed() WINDSOR_REQUIRES(bus::kMachineLock);
    void ended(std::uint8_t vector) WINDSOR_REQUIRES(bus::kMachineLock) { tick_.ended(vector); }
    // The last interrupt of the interval timer waits, and another would be lost.
    bool timer_pending() const WINDSOR_REQUIRES(bus::kMachineLock) { return tick_.pending(clock_.now()); }

private:
    const std::vector<std::unique_ptr<Socket>>& sockets_;
    devices::ioapic::IoApic& ioapic_;
    unsigned timer_pin_;
    const base::Clock& clock_;
    base::Log& log_;
    vcpu::ApicMessages* messages_ WINDSOR_GUARDED_BY(bus::kMachineLock){nullptr};
    std::vector<vcpu::ApicMessage> reported_ WINDSOR_GUARDED_BY(bus::kMachineLock);
    TickWatch tick_ WINDSOR_GUARDED_BY(bus::kMachineLock);
};

// Those whose ends an I/O APIC has to know: of its level-triggered entries, masked ones among them, as their interrupts
// may be in service; and of the pin with the interval timer, if the guest uses it.
std::vector<vcpu::ApicMessage> reported_messages(const devices::ioapic::IoApic& ioapic, unsigned timer_pin);

} // namespace windsor::machine
