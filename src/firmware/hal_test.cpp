// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/hal.hpp"

#include "firmware/pir_table.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace windsor::firmware {

namespace {

std::string_view file_for(bool acpi, bool apic, unsigned processors)
{
    const Hal* const hal = find_hal({.acpi = acpi, .apic = apic, .processors = processors});
    return hal != nullptr ? hal->file : "none";
}

TEST(HalTest, EachSetOfKeysHasItsOwn)
{
    EXPECT_EQ(file_for(false, false, 1), "HAL.DLL");
    EXPECT_EQ(file_for(false, true, 1), "HALAPIC.DLL");
    EXPECT_EQ(file_for(false, true, 2), "HALMPS.DLL");
    EXPECT_EQ(file_for(true, false, 1), "HALACPI.DLL");
    EXPECT_EQ(file_for(true, true, 1), "HALAACPI.DLL");
    EXPECT_EQ(file_for(true, true, 127), "HALMACPI.DLL");
    EXPECT_EQ(file_for(false, false, 2), "none");
    EXPECT_EQ(file_for(true, false, 2), "none");
}

TEST(HalTest, TablesAreThereIfTheirKeysAreOn)
{
    for (const Hal& hal : all_hals()) {
        EXPECT_EQ(hal.rsdp, hal.acpi) << hal.file;
        EXPECT_EQ(hal.madt, hal.acpi && hal.apic) << hal.file;
        EXPECT_EQ(hal.mp_table, hal.apic) << hal.file;
        EXPECT_TRUE(hal.pir_table) << hal.file;
    }
}

TEST(HalTest, AWindowsIsStrandedByWhatItsHalMisses)
{
    using Effect = HalChange::Effect;
    constexpr HalKeys kStandard{.acpi = false, .apic = false};
    constexpr HalKeys kAcpiPc{.acpi = true, .apic = false};
    constexpr HalKeys kAcpiUni{};
    constexpr HalKeys kAcpiMulti{.processors = 4};
    constexpr HalKeys kMps{.acpi = false, .apic = true};

    EXPECT_EQ(change_of_hal(kAcpiUni, kAcpiUni).effect, Effect::None);
    EXPECT_EQ(change_of_hal(kAcpiMulti, {.processors = 2}).effect, Effect::None);
    EXPECT_EQ(change_of_hal(kAcpiUni, kStandard).effect, Effect::Stranded);
    EXPECT_EQ(change_of_hal(kAcpiUni, kMps).effect, Effect::Stranded);
    EXPECT_EQ(change_of_hal(kAcpiUni, kAcpiPc).effect, Effect::Stranded);
    EXPECT_EQ(change_of_hal(kMps, kStandard).effect, Effect::Stranded);
    EXPECT_EQ(change_of_hal(kStandard, kAcpiUni).effect, Effect::Stays);
    EXPECT_EQ(change_of_hal(kAcpiPc, kAcpiUni).effect, Effect::Stays);
    EXPECT_EQ(change_of_hal(kAcpiUni, kAcpiMulti).effect, Effect::Stays);
    EXPECT_NE(change_of_hal(kAcpiUni, kStandard).sentence.find("0x000000A5"), std::string::npos);
    EXPECT_NE(change_of_hal(kAcpiUni, kAcpiMulti).sentence.find("keeps HALAACPI.DLL"), std::string::npos);
}

TEST(PirTableTest, ListsEachDeviceWithTheLinksOfItsPins)
{
    const Bytes table = PirTable::make();
    ASSERT_EQ(table.size(), 32u + 16 * 30);
    EXPECT_EQ(std::string(table.begin(), table.begin() + 4), "$PIR");
    EXPECT_EQ(table[6] | table[7] << 8, 32 + 16 * 30);
    EXPECT_EQ(std::accumulate(table.begin(), table.end(), 0u) & 0xff, 0u);
    const auto pin = [&](unsigned device, unsigned number) {
        return table.at(32 + 16 * (device - 1) + 2 + 3 * number);
    };
    EXPECT_EQ(table.at(33), 1 << 3);
    EXPECT_EQ(pin(1, 0), 0x60) << "the chip's own INTA";
    EXPECT_EQ(pin(1, 3), 0x63);
    EXPECT_EQ(pin(4, 0), 0x63) << "the first network card";
    EXPECT_EQ(pin(11, 0), 0x62) << "and the last";
}

} // namespace

} // namespace windsor::firmware
