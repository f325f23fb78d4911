// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/acpi_file.hpp"

#include "firmware/acpi_tables.hpp"
#include "firmware/byte_order.hpp"

#include <numeric>
#include <string>

#include <gtest/gtest.h>

namespace windsor::firmware {

namespace {

// With the right checksum, and the maker's names that a header has.
Bytes table(std::string_view signature, std::size_t length)
{
    Bytes bytes;
    put_text(bytes, signature, 4);
    put_little(bytes, length, 4);
    put_little(bytes, 0, 2); // revision, checksum
    put_text(bytes, "ACME  ACME PC ", 14);
    bytes.resize(length, 7);
    bytes[9] = static_cast<std::uint8_t>(-std::accumulate(bytes.begin(), bytes.end(), 0));
    return bytes;
}

Bytes operator+(Bytes one, const Bytes& other)
{
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

std::string refusal(const Bytes& file)
{
    const auto tables = parse_acpi_tables(file);
    return tables ? "it was taken" : tables.error().message();
}

TEST(AcpiFile, HasTablesOneBehindTheOther)
{
    const auto tables = parse_acpi_tables(table("SLIC", 374) + table("OEM0", 36)).value();
    ASSERT_EQ(tables.size(), 2u);
    EXPECT_EQ(tables[0].signature, "SLIC");
    EXPECT_EQ(tables[0].bytes, table("SLIC", 374));
    EXPECT_EQ(tables[1].signature, "OEM0");
}

TEST(AcpiFile, WhatIsNoTableIsRefusedBySentence)
{
    Bytes cut = table("SLIC", 374);
    cut.pop_back();
    EXPECT_EQ(refusal(cut), "table 1 is no ACPI table: its header does not say how long it is");
    EXPECT_EQ(refusal(Bytes(35)), "table 1 is no ACPI table: its header does not say how long it is");
    EXPECT_EQ(refusal(Bytes(100)), "table 1 is no ACPI table: its header does not say how long it is");
    EXPECT_EQ(refusal(table("slic", 40)), "table 1 is no ACPI table: it begins with no signature");
    EXPECT_EQ(refusal(table("OEM0", 40) + table("DSDT", 40)), "table 2 is a DSDT, and the machine has one of its own");
    Bytes damaged = table("SLIC", 374);
    damaged[100] ^= 1;
    EXPECT_EQ(refusal(damaged), "table 1, a SLIC, is damaged: its checksum is wrong");
    Bytes many;
    for (int i = 0; i < 17; ++i) {
        many = many + table("OEM0", 36);
    }
    EXPECT_EQ(refusal(many), "it has more than 16 ACPI tables");
    EXPECT_EQ(refusal(Bytes(65537)), "it has 65537 bytes; ACPI tables have 65536 at the most");
}

TEST(AcpiFile, TablesAreListedAndASlicNamesTheMaker)
{
    const auto rsdt_of = [](const AcpiFiles& files) {
        const std::string text{files.tables.begin(), files.tables.end()};
        return text.substr(text.find("RSDT"));
    };
    const AcpiFiles plain = make_acpi_tables({});
    AcpiOptions options;
    options.others = parse_acpi_tables(table("OEM0", 40)).value();
    const AcpiFiles other = make_acpi_tables(options);
    EXPECT_EQ(rsdt_of(other).size(), rsdt_of(plain).size() + 4) << "one more";
    EXPECT_EQ(rsdt_of(other).substr(10, 14), "WNDSORWINDSOR ");
    options.others = parse_acpi_tables(table("OEM0", 41) + table("SLIC", 374)).value();
    const AcpiFiles slic = make_acpi_tables(options);
    EXPECT_EQ(rsdt_of(slic).substr(10, 14), "ACME  ACME PC ");
    const std::string text{slic.tables.begin(), slic.tables.end()};
    EXPECT_EQ(text.substr(text.find("FACP") + 10, 14), "ACME  ACME PC ");
    const Bytes expected = table("SLIC", 374);
    EXPECT_NE(text.find(std::string{expected.begin(), expected.end()}), std::string::npos);
}

} // namespace

} // namespace windsor::firmware
