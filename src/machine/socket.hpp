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
    // For what its processor does with it without the machine lock, on that processor's thread; null if the engine's
    // own is in charge, which changes only while the processor stands still.
    devices::lapic::Lapic* own() { return engine_ == nullptr ? &lapic_ : nullptr; }
    // The same for an access to its page of registers, which only its own processor moves; null for other addresses.
    devices::lapic::Lapic* own_at(base::GuestPhysical address)
    {
        return page_ && address - *page_ < devices::lapic::kPageSize ? own() : nullptr;
    }

    // The engine's own local APIC is in charge until it is taken back. The processor stands still.
    void hand_out(vcpu::LocalApic& engine) WINDSOR_REQUIRES(bus::kMachineLock);
    void take_back() WINDSOR_REQUIRES(bus::kMachineLock);
    bool handed_out() const { return engine_ != nullptr; }
    // Tells the processor again of what waits.
    void drive() WINDSOR_REQUIRES(bus::kMachineLock);

    // The output of the 8259s, at LINT0.
    void set_pic_output(bool level) WINDSOR_REQUIRES(bus::kMachineLock);

    // Where the processor's accesses to the registers of its local APIC go; null for an address outside them.
    bus::MmioRouter* local(base::GuestPhysical address) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        return own_at(address) != nullptr ? &registers_ : nullptr;
    }

    // devices::lapic::ProcessorSignals
    void nmi() override { signals_.raise(vcpu::Signal::Nmi); }
    void init() override { signals_.raise(vcpu::Signal::Init); }
    void startup(std::uint8_t vector) override { signals_.raise_sipi(vector); }
    void interrupt(bool level) override
    {
        if (!handed_out()) {
            set_interrupt(level);
        }
    }

private:
    void set_interrupt(bool level)
    {
        level ? signals_.raise(vcpu::Signal::Interrupt) : signals_.lower(vcpu::Signal::Interrupt);
    }
    void place(std::optional<base::GuestPhysical> page) WINDSOR_REQUIRES(bus::kMachineLock);

    BoardHost& host_;
    vcpu::Signals& signals_;
    const base::Clock& clock_;
    vcpu::LocalApic* engine_{nullptr}; // while it is in charge
    bool pic_output_{false};           // meanwhile
    bus::MmioRouter registers_;
    std::optional<base::GuestPhysical> page_;
    devices::lapic::Lapic lapic_;
    bus::Claim claim_; // of `registers_`, at `page_`
};

} // namespace windsor::machine
