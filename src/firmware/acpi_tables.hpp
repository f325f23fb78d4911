// SPDX-License-Identifier: GPL-2.0-or-later
// The ACPI tables that firmware installs, with the script by which it links them.
// ACPI specification 3.0, chapter 5.2; QEMU's BIOS linker/loader format.
#pragma once

#include "firmware/acpi_file.hpp"
#include "firmware/fw_cfg.hpp"

#include <cstdint>

namespace windsor::firmware {

struct AcpiOptions {
    unsigned processors{1};
    bool apic{true};              // a MADT: local APICs and I/O APIC are to be used
    std::uint16_t pm_base{0x600}; // where the power management registers lie
    std::vector<AcpiTable> others{}; // that are installed besides
};

// Three files for fw_cfg: the tables, the RSDP, and the loader script. Addresses in the first two are
// offsets that the script makes firmware fix.
struct AcpiFiles {
    static constexpr const char* kTablesName = "etc/acpi/tables";
    static constexpr const char* kRsdpName = "etc/acpi/rsdp";

    Bytes tables;
    Bytes rsdp;
    Bytes loader;
};

AcpiFiles make_acpi_tables(const AcpiOptions& options);

// APIC ids and addresses that tables and hardware must agree on.
constexpr std::uint32_t kLocalApicAddress = 0xfee00000;
constexpr std::uint32_t kIoApicAddress = 0xfec00000;
constexpr std::uint8_t kIoApicId = 1;
// Even ids for processors, as Xen gives them.
constexpr std::uint8_t local_apic_id(unsigned processor)
{
    return static_cast<std::uint8_t>(2 * processor);
}

} // namespace windsor::firmware
