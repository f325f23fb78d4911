// SPDX-License-Identifier: GPL-2.0-or-later
// The PIIX3 but for its IDE function.
#pragma once

#include "chipset/slot.hpp"

namespace windsor::devices::piix3 {

// A PCI function, which steers the interrupts of the others.
chipset::Make isa_bridge();
// One port, kResetControlPort, over those of PCI configuration.
chipset::Make reset_control();
// One port, kNumericErrorPort, and interrupt kNumericErrorIrq.
chipset::Make numeric_error();

} // namespace windsor::devices::piix3
