// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

namespace windsor::devices::i8042 {

// The keyboard controller's data and command port and the system control port A; interrupts 1 and 12.
chipset::Make unit();

} // namespace windsor::devices::i8042
