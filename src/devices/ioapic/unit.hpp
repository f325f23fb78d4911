// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"
#include "devices/ioapic/ioapic.hpp"

namespace windsor::devices::ioapic {

// A page of registers. `ioapic` outlives the device: interrupts lead there before it.
chipset::Make unit(IoApic& ioapic);

} // namespace windsor::devices::ioapic
