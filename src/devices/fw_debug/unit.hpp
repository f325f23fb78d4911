// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

namespace windsor::devices::fw_debug {

// One port, whose lines go to the machine's log.
chipset::Make unit();

} // namespace windsor::devices::fw_debug
