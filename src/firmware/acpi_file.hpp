// SPDX-License-Identifier: GPL-2.0-or-later
// ACPI tables that come from a file: xl.cfg(5), acpi_firmware. One is the SLIC, by which Windows knows a maker's
// machine.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace windsor::firmware {

constexpr std::size_t kMostAcpiFile = 64 << 10;
constexpr std::size_t kMostAcpiTables = 16;

struct AcpiTable {
    std::string signature; // four characters
    std::vector<std::uint8_t> bytes;
};

// The file: tables one behind the other, each with its length in its header (ACPI 3.0, section 5.2.6). The error is a
// sentence that says which table is wrong. Takes any bytes.
base::Result<std::vector<AcpiTable>> parse_acpi_tables(std::span<const std::uint8_t> file);

} // namespace windsor::firmware
