// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "machine/machine.hpp"

#include <cstdint>

namespace windsor::machine {

// What the board asks of the processors, which count from 0, the bootstrap processor, and of the machine as a whole.
class BoardHost {
public:
    virtual ~BoardHost() = default;
    virtual void set_interrupt(unsigned processor, bool level) = 0;
    virtual void raise_nmi(unsigned processor) = 0;
    virtual void raise_init(unsigned processor) = 0;
    // Start-up IPI.
    virtual void raise_startup(unsigned processor, std::uint8_t vector) = 0;
    virtual void set_a20(bool open) = 0;
    // Takes note; called in the middle of a guest's access.
    virtual void request(Event event) = 0;
};

} // namespace windsor::machine
