// SPDX-License-Identifier: GPL-2.0-or-later
// Where a processor sits on the board: its local APIC, and the pins between the two.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"
#include "bus/router.hpp"
#include "devices/lapic/lapic.hpp"
#include "machine/board_host.hpp"

#include <cstdint>
#include <optional>

namespace windsor::machine {

// Used under the machine lock.
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

    devices::lapic::Lapic& lapic() { return lapic_; }

    // Where the processor's accesses to the registers of its local APIC go; null for an address outside them.
    bus::Router* local(std::uint64_t address)
    {
        return page_ && address - *page_ < devices::lapic::kPageSize ? &registers_ : nullptr;
    }

    // devices::lapic::ProcessorSignals
    void nmi() override { host_.raise_nmi(number_); }
    void init() override { host_.raise_init(number_); }
    void startup(std::uint8_t vector) override { host_.raise_startup(number_, vector); }
    void interrupts_changed() override
    {
        host_.set_interrupt(number_, lapic_.interrupt_pending() || lapic_.extint_pending());
    }

private:
    void place(std::optional<std::uint64_t> page);

    unsigned number_;
    BoardHost& host_;
    bus::Router registers_;
    std::optional<std::uint64_t> page_;
    devices::lapic::Lapic lapic_;
};

} // namespace windsor::machine
