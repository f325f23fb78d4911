// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

namespace windsor::devices::acpi_pm {

// A PCI function; kGpeSize and kSmiPorts ports; and the interrupt kSciIrq.
chipset::Make unit();

} // namespace windsor::devices::acpi_pm
