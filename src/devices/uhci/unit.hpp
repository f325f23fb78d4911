// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

namespace windsor::devices::uhci {

// A PCI function, whose ports are among the outlets.
chipset::Make unit();

} // namespace windsor::devices::uhci
