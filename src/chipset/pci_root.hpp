// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

namespace windsor::chipset {

// The pci::kConfigPorts ports of configuration mechanism #1. Its reset is that of the bus and of all functions.
Make pci_root();

} // namespace windsor::chipset
