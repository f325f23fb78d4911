// SPDX-License-Identifier: GPL-2.0-or-later
// What a system finds in memory when SeaBIOS has done its work, for each row of the table of HALs.
#include "firmware/hal.hpp"
#include "machine/machine.hpp"
#include "machine/stepped_machine.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace windsor::machine {

namespace {

constexpr std::size_t kFSegment = 0xf0000;
constexpr std::size_t kSegmentSize = 0x10000;

struct Found {
    std::vector<std::uint8_t> memory; // the F segment

    // Where a structure of 16-byte paragraphs begins, if its checksum is right; -1: nowhere.
    long find(std::string_view signature, std::size_t length) const
    {
        for (std::size_t at = 0; at + length <= memory.size(); at += 16) {
            const auto begin = memory.begin() + static_cast<long>(at);
            if (std::equal(signature.begin(), signature.end(), begin) &&
                (std::accumulate(begin, begin + static_cast<long>(length), 0u) & 0xff) == 0) {
                return static_cast<long>(at);
            }
        }
        return -1;
    }
    std::uint32_t word(std::size_t at, unsigned size = 4) const
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < size; ++i) {
            value |= std::uint32_t{memory.at(at + i)} << (8 * i);
        }
        return value;
    }
};

// Its table of tables, by signature.
std::string acpi_tables(SteppedMachine& machine, std::uint32_t rsdt)
{
    const Found header{machine.memory(rsdt, 36)};
    const Found body{machine.memory(rsdt, header.word(4))};
    std::string names;
    for (std::size_t at = 36; at < body.memory.size(); at += 4) {
        const auto name = machine.memory(body.word(at), 4);
        names += std::string{name.begin(), name.end()} + ' ';
    }
    return names;
}

class HalRows : public testing::TestWithParam<firmware::Hal> {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
    }
};

// The stepped machine has one processor. What several are shown is in tests/boot/hal.
std::vector<firmware::Hal> rows_of_one()
{
    std::vector<firmware::Hal> rows;
    std::ranges::copy_if(firmware::all_hals(), std::back_inserter(rows),
                         [](const firmware::Hal& hal) { return !hal.several; });
    return rows;
}

TEST_P(HalRows, FirmwareInstallsWhatTheRowSays)
{
    const firmware::Hal& hal = GetParam();
    SteppedMachine machine{{.memory = 16 * kMiB, .acpi = hal.acpi, .apic = hal.apic}};
    for (int i = 0; i < 4000 && machine.text().find("No bootable device") == std::string::npos; ++i) {
        ASSERT_TRUE(machine.run(10'000));
    }
    ASSERT_NE(machine.text().find("No bootable device"), std::string::npos) << machine.text();
    const Found found{machine.memory(kFSegment, kSegmentSize)};

    const long rsdp = found.find("RSD PTR ", 20);
    EXPECT_EQ(rsdp >= 0, hal.rsdp);
    if (rsdp >= 0) {
        const std::string tables = acpi_tables(machine, found.word(static_cast<std::size_t>(rsdp) + 16));
        EXPECT_NE(tables.find("FACP "), std::string::npos) << tables;
        EXPECT_EQ(tables.find("APIC ") != std::string::npos, hal.madt) << tables;
    }
    EXPECT_EQ(found.find("_MP_", 16) >= 0, hal.mp_table);

    const long pir =
        found.find("$PIR", 32 + 16 * 6) >= 0 ? found.find("$PIR", 32 + 16 * 6) : found.find("$PIR", 32 + 16 * 30);
    EXPECT_EQ(pir >= 0, hal.pir_table);
}

INSTANTIATE_TEST_SUITE_P(All, HalRows, testing::ValuesIn(rows_of_one()), [](const auto& info) {
    std::string name{info.param.file};
    std::erase(name, '.');
    return name;
});

TEST(HalRowsTest, SeveralProcessorsWithoutApicsAreNoMachine)
{
    base::Log log{base::Log::discard()};
    const auto machine = Machine::create({.memory = 16 * kMiB, .processors = 2, .apic = false}, log, [](Event) {});
    ASSERT_FALSE(machine.has_value());
    EXPECT_EQ(machine.error().message(), "a machine of 2 processors has local APICs");
}

} // namespace

} // namespace windsor::machine
