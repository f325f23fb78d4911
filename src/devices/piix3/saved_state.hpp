// SPDX-License-Identifier: GPL-2.0-or-later
// The reset control register in a saved state.
#pragma once

#include "devices/piix3/isa_bridge.hpp"

namespace windsor::devices::piix3 {

template <typename Archive> void describe(Archive& archive, ResetControl::State& port)
{
    archive.field("control", port.control);
}

} // namespace windsor::devices::piix3
