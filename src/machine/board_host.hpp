// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bus/machine_lock.hpp"
#include "machine/machine.hpp"
#include "vcpu/signals.hpp"

#include <cstdint>

namespace windsor::machine {

// What the board asks of the processors, which count from 0, the bootstrap processor, and of the machine as a whole.
class BoardHost {
public:
    virtual ~BoardHost() = default;
    // Under which the board is used.
    virtual const bus::MachineLock& lock() const = 0;
    // The pins of a processor, which outlive the board. From any thread.
    virtual vcpu::Signals& signals(unsigned processor) = 0;
    virtual void set_a20(bool open) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Takes note; called in the middle of a guest's access.
    virtual void request(Event event) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::machine
