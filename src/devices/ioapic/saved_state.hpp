// SPDX-License-Identifier: GPL-2.0-or-later
// The I/O APIC in a saved state.
#pragma once

#include "devices/ioapic/ioapic.hpp"

namespace windsor::devices::ioapic {

template <typename Archive> void describe(Archive& archive, IoApic::State& ioapic)
{
    archive.field("id", ioapic.id);
    archive.field("select", ioapic.select);
    archive.field("entries", ioapic.entries);
    archive.field("levels", ioapic.levels);
}

} // namespace windsor::devices::ioapic
