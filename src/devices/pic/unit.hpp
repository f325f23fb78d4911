// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"
#include "devices/pic/pic.hpp"

namespace windsor::devices::pic {

// The master's, the slave's and the ELCR's 2 ports each. `pic` outlives the device: interrupts lead there before it.
chipset::Make unit(Pic& pic);

} // namespace windsor::devices::pic
