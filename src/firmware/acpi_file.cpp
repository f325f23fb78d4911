// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/acpi_file.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace windsor::firmware {

namespace {

constexpr std::size_t kHeader = 36;
// The machine's own, and what lists them.
constexpr std::array<std::string_view, 6> kOwn{"RSDT", "XSDT", "FACP", "FACS", "DSDT", "APIC"};

std::size_t length_of(std::span<const std::uint8_t> table)
{
    return table[4] | std::size_t{table[5]} << 8 | std::size_t{table[6]} << 16 | std::size_t{table[7]} << 24;
}

bool is_signature(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '!' || c == '$';
    });
}

} // namespace

base::Result<std::vector<AcpiTable>> parse_acpi_tables(std::span<const std::uint8_t> file)
{
    if (file.size() > kMostAcpiFile) {
        return base::fail("it has {} bytes; ACPI tables have {} at the most", file.size(), kMostAcpiFile);
    }
    std::vector<AcpiTable> tables;
    while (!file.empty()) {
        const std::size_t number = tables.size() + 1;
        if (number > kMostAcpiTables) {
            return base::fail("it has more than {} ACPI tables", kMostAcpiTables);
        }
        if (file.size() < kHeader || length_of(file) < kHeader || length_of(file) > file.size()) {
            return base::fail("table {} is no ACPI table: its header does not say how long it is", number);
        }
        const auto bytes = file.first(length_of(file));
        std::string signature{bytes.begin(), bytes.begin() + 4};
        if (!is_signature(signature)) {
            return base::fail("table {} is no ACPI table: it begins with no signature", number);
        }
        if (std::ranges::find(kOwn, signature) != kOwn.end()) {
            return base::fail("table {} is a {}, and the machine has one of its own", number, signature);
        }
        if (std::accumulate(bytes.begin(), bytes.end(), 0u) % 256 != 0) {
            return base::fail("table {}, a {}, is damaged: its checksum is wrong", number, signature);
        }
        tables.push_back({.signature = std::move(signature), .bytes = {bytes.begin(), bytes.end()}});
        file = file.subspan(bytes.size());
    }
    return tables;
}

} // namespace windsor::firmware
