// SPDX-License-Identifier: GPL-2.0-or-later
// What chips ask of the machine that they sit in.
#pragma once

#include "bus/machine_lock.hpp"
#include "chipset/missed_ticks.hpp"

namespace windsor::chipset {

// All is called with the machine lock held, in the middle of a guest's access: the machine only takes note.
class Mainboard {
public:
    virtual ~Mainboard() = default;

    virtual const bus::MachineLock& lock() const = 0;
    // INIT# of all processors: they begin anew, memory and chips stay as they are.
    virtual void init_processors() = 0;
    // The reset line of all chips.
    virtual void reset_machine() = 0;
    virtual void power_off() = 0;
    // Whether address line 20 goes through to memory.
    virtual void set_a20(bool open) = 0;
    // What has become of the interval timer's last interrupt.
    virtual TickState timer_tick() = 0;
};

} // namespace windsor::chipset
