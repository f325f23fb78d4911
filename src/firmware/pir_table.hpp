// SPDX-License-Identifier: GPL-2.0-or-later
// The $PIR table, by which systems without ACPI route PCI interrupts to the 8259s.
// Microsoft, "PCI IRQ Routing Table Specification", version 1.0.
#pragma once

#include "firmware/fw_cfg.hpp"

namespace windsor::firmware {

struct PirTable {
    static constexpr const char* kName = "etc/pir";

    // With its checksum; it has no addresses in it.
    static Bytes make();
    // Commands that make firmware copy it to the F segment, where systems look for it.
    static Bytes loader();
};

} // namespace windsor::firmware
