// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/isa_interrupts.hpp"

namespace windsor::machine {

namespace {

constexpr unsigned kTimer = 0;

} // namespace

void IsaInterrupts::Side::set_irq(unsigned input, bool level)
{
    if (input < kInputs) {
        levels_[input] = level;
        owner_.update(input);
    }
}

void IsaInterrupts::update(unsigned input)
{
    const bool level = devices_.level(input) || links_.level(input);
    pic_.set_irq(input, level);
    if (input != kTimerIoApicInput) {
        ioapic_.set_irq(input == kTimer ? kTimerIoApicInput : input, level);
    }
}

} // namespace windsor::machine
