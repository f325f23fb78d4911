// SPDX-License-Identifier: GPL-2.0-or-later
// 82371SB PIIX3 datasheet, "Coprocessor Error Register" and the signals FERR# and IGNNE#.
#include "devices/piix3/numeric_error.hpp"

namespace windsor::devices::piix3 {

bool NumericError::raise()
{
    state_.ferr = true;
    drive();
    return state_.ignored;
}

void NumericError::clear()
{
    state_ = {};
    drive();
}

bus::AccessStatus NumericError::write(std::uint64_t, bus::Width width, std::uint64_t)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    state_.ignored = state_.ferr;
    drive();
    return bus::AccessStatus::Ok;
}

void NumericError::load(const State& state)
{
    state_ = state;
    state_.ignored = state.ignored && state.ferr;
    irq13_.restore_level(state_.ferr && !state_.ignored);
}

} // namespace windsor::devices::piix3
