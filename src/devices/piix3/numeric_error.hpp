// SPDX-License-Identifier: GPL-2.0-or-later
// The PIIX3's coprocessor error logic: FERR# of the processor becomes IRQ 13, a write of port F0h acknowledges it.
#pragma once

#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "chipset/outlets.hpp"

namespace windsor::devices::piix3 {

// One port, at 0xf0. The datasheet has it obey XBCS (4Eh) bit 5, which a BIOS sets; SeaBIOS leaves XBCS alone, since
// QEMU's PIIX3 has the logic always on, and so it is here.
class NumericError final : public bus::AccessHandler, public chipset::NumericErrorLogic {
public:
    struct State {
        bool ferr{false};    // the processor's FERR#
        bool ignored{false}; // IGNNE#
    };

    // `irq13` follows FERR# until it is acknowledged.
    explicit NumericError(bus::IrqLine irq13) : irq13_{irq13} {}

    // FERR# rises, or is high already. Whether IGNNE# is active: the processor need not wait.
    bool raise() override;
    // FERR# falls, and IGNNE#, which it gates, with it.
    void clear() override;
    void reset() { clear(); }

    // Reads as an undecoded port.
    bus::ReadResult read(std::uint64_t, bus::Width) override { return bus::AccessStatus::NoRegister; }
    // Any value: IRQ 13 falls, and IGNNE# stays active while FERR# does.
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    const State& state() const { return state_; }
    void load(const State& state);

private:
    void drive() { irq13_.set_level(state_.ferr && !state_.ignored); }

    bus::IrqLine irq13_;
    State state_;
};

} // namespace windsor::devices::piix3
