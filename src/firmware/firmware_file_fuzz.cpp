// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the files of smbios_firmware and acpi_firmware, and as a line of smbios. What is taken becomes tables.
#include "firmware/acpi_tables.hpp"
#include "firmware/smbios.hpp"

#include <cstdlib>

using namespace windsor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::span bytes{data, size};
    firmware::SmbiosOptions smbios;
    if (auto structures = firmware::parse_smbios_structures(bytes)) {
        smbios.structures = *std::move(structures);
    }
    static_cast<void>(firmware::add_smbios_text(smbios.texts, {reinterpret_cast<const char*>(data), size}));
    if (firmware::make_smbios_tables(smbios).tables.size() > 0xffff) {
        std::abort();
    }
    if (auto tables = firmware::parse_acpi_tables(bytes)) {
        firmware::AcpiOptions acpi;
        acpi.others = *std::move(tables);
        static_cast<void>(firmware::make_acpi_tables(acpi));
    }
    return 0;
}
