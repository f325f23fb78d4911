// SPDX-License-Identifier: GPL-2.0-or-later
// Where a processor sits on the board: its local APIC, and the pins between the two.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"
#include "bus/router.hpp"
#include "devices/lapic/lapic.hpp"
#include "machine/board_host.hpp"
#include "vcpu/local_apic.hpp"

#include <cstdint>
#include <optional>

namespace windsor::machine {

class Socket final : public devices::lapic::ProcessorSignals {
public:
    struct Parts {
        base::Log& log;
        const base::Clock& clock;
        base::TimerQueue& timers;
        devices::lapic::ApicBus& bus;
        BoardHost& host;
    };

    // `number` counts from 0, the bootstrap processor. All parts outlive the socket.
    Socket(unsigned number, const Parts& parts);

    // It holds the state unless the engine's own is in charge.
    devices::lapic::Lapic& lapic() WINDSOR_REQUIRES(bus::kMachineLock) { return lapic_; }

    // The engine's own local APIC is in charge until it is taken back. The processor stands still.
    void hand_out(vcpu::LocalApic& engine) WINDSOR_REQUIRES(bus::kMachineLock);
    void take_back() WINDSOR_REQUIRES(bus::kMachineLock);
    bool handed_out() const WINDSOR_REQUIRES(bus::kMachineLock) { return engine_ != nullptr; }

    // The output of the 8259s, at LINT0.
    void set_pic_output(bool level) WINDSOR_REQUIRES(bus::kMachineLock);

    // Where the processor's accesses to the registers of its local APIC go; null for an address outside them.
    bus::Router* local(std::uint64_t address) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        return page_ && !handed_out() && address - *page_ < devices::lapic::kPageSize ? &registers_ : nullptr;
    }

    // devices::lapic::ProcessorSignals
    void nmi() override WINDSOR_REQUIRES(bus::kMachineLock) { host_.raise_nmi(number_); }
    void init() override WINDSOR_REQUIRES(bus::kMachineLock) { host_.raise_init(number_); }
    void startup(std::uint8_t vector) override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        host_.raise_startup(number_, vector);
    }
    void interrupts_changed() override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        const bool pending = handed_out() ? pic_output_ : lapic_.interrupt_pending() || lapic_.extint_pending();
        host_.set_interrupt(number_, pending);
    }

private:
    void place(std::optional<std::uint64_t> page) WINDSOR_REQUIRES(bus::kMachineLock);

    unsigned number_;
    BoardHost& host_;
    const base::Clock& clock_;
    vcpu::LocalApic* engine_{nullptr}; // while it is in charge
    bool pic_output_{false};           // meanwhile
    bus::Router registers_;
    std::optional<std::uint64_t> page_;
    devices::lapic::Lapic lapic_;
    bus::Claim claim_; // of `registers_`, at `page_`
};

} // namespace windsor::machine
