// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/isa_interrupts.hpp"

namespace windsor::machine {

namespace {

constexpr unsigned kTimer = 0;

} // namespace

void IsaInterrupts::Side::set_irq(unsigned input, bool level)
{
    if (input >= kInputs) {
        return;
    }
    unsigned& asserted = asserted_[input];
    if (drivers_ == Drivers::One) {
        asserted = level ? 1 : 0;
    } else if (level) {
        ++asserted;
    } else if (asserted > 0) {
        --asserted;
    }
    owner_.update(input);
}

std::array<bool, IsaInterrupts::kInputs> IsaInterrupts::Side::levels() const
{
    std::array<bool, kInputs> levels{};
    for (unsigned input = 0; input < kInputs; ++input) {
        levels[input] = level(input);
    }
    return levels;
}

void IsaInterrupts::Side::load(const std::array<bool, kInputs>& levels)
{
    for (unsigned input = 0; input < kInputs; ++input) {
        asserted_[input] = levels[input] ? 1 : 0;
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
