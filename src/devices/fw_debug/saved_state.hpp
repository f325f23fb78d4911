// SPDX-License-Identifier: GPL-2.0-or-later
// A debug port in a saved state.
#pragma once

#include "devices/fw_debug/debug_port.hpp"

namespace windsor::devices::fw_debug {

template <typename Archive> void describe(Archive& archive, DebugPort::State& port)
{
    archive.field("line", port.line);
}

} // namespace windsor::devices::fw_debug
