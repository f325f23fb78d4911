// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"
#include "devices/pit/pit.hpp"

namespace windsor::devices::pit {

// The timer's 4 ports, and the system control port B; interrupt 0.
chipset::Make unit(chipset::MissedTicks missed);

} // namespace windsor::devices::pit
