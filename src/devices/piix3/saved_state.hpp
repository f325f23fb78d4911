// SPDX-License-Identifier: GPL-2.0-or-later
// The reset control register and the coprocessor error logic in a saved state.
#pragma once

#include "devices/piix3/isa_bridge.hpp"
#include "devices/piix3/numeric_error.hpp"

namespace windsor::devices::piix3 {

template <typename Archive> void describe(Archive& archive, ResetControl::State& port)
{
    archive.field("control", port.control);
}

template <typename Archive> void describe(Archive& archive, NumericError::State& logic)
{
    archive.field("ferr", logic.ferr);
    archive.field("ignored", logic.ignored);
}

} // namespace windsor::devices::piix3
