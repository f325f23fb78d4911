// SPDX-License-Identifier: GPL-2.0-or-later
// The tables as firmware would install them, checked by ACPICA's own tools.
#include "firmware/acpi_tables.hpp"

#include "base/test_folder.hpp"
#include "firmware/smbios.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <sstream>

namespace windsor::firmware {

namespace {

constexpr std::uint32_t kTablesAddress = 0x7fff'0000;

std::uint32_t little(const Bytes& bytes, std::size_t at, unsigned size = 4)
{
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
        value |= std::uint32_t{bytes.at(at + i)} << (8 * i);
    }
    return value;
}

std::string name_at(const Bytes& bytes, std::size_t at)
{
    return {bytes.begin() + static_cast<std::ptrdiff_t>(at),
            std::find(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), 0)};
}

// Does what SeaBIOS does with the loader script.
void link(AcpiFiles& files)
{
    std::map<std::string, Bytes*> by_name{{AcpiFiles::kTablesName, &files.tables}, {AcpiFiles::kRsdpName, &files.rsdp}};
    for (std::size_t at = 0; at < files.loader.size(); at += 128) {
        const std::uint32_t command = little(files.loader, at);
        Bytes& file = *by_name.at(name_at(files.loader, at + 4));
        if (command == 2) {
            const std::size_t offset = little(files.loader, at + 116);
            const std::uint64_t value = std::uint64_t{little(file, offset)} + kTablesAddress;
            for (unsigned i = 0; i < files.loader.at(at + 120); ++i) {
                file.at(offset + i) = static_cast<std::uint8_t>(value >> (8 * i));
            }
        } else if (command == 3) {
            const std::size_t offset = little(files.loader, at + 60);
            const auto first = file.begin() + little(files.loader, at + 64);
            file.at(offset) = 0;
            file.at(offset) =
                static_cast<std::uint8_t>(-std::accumulate(first, first + little(files.loader, at + 68), 0));
        }
    }
}

struct Finished {
    int status;
    std::string output;
};

Finished run(const std::string& command)
{
    std::string output;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) {
        output += static_cast<char>(c);
    }
    return {::pclose(pipe), output};
}

class AcpiTables : public testing::Test {
protected:
    void SetUp() override
    {
        link(files_);
        const std::uint32_t rsdt = little(files_.rsdp, 16) - kTablesAddress;
        write("RSDT", rsdt);
        const std::uint32_t entries = (little(files_.tables, rsdt + 4) - 36) / 4;
        for (std::uint32_t i = 0; i < entries; ++i) {
            const std::uint32_t table = little(files_.tables, rsdt + 36 + 4 * i) - kTablesAddress;
            write(std::string(files_.tables.begin() + table, files_.tables.begin() + table + 4), table);
        }
        const std::uint32_t fadt = offsets_.at("FACP");
        write("DSDT", little(files_.tables, fadt + 40) - kTablesAddress);
        write("FACS", little(files_.tables, fadt + 36) - kTablesAddress);
    }

    void write(const std::string& name, std::uint32_t offset)
    {
        offsets_[name] = offset;
        const std::uint32_t length = little(files_.tables, offset + 4);
        std::ofstream file{folder_ / (name + ".dat"), std::ios::binary};
        for (std::uint32_t i = 0; i < length; ++i) {
            file.put(static_cast<char>(files_.tables.at(offset + i)));
        }
    }

    AcpiFiles files_{make_acpi_tables({.processors = 2, .pm_base = 0x600})};
    base::TestFolder folder_;
    std::map<std::string, std::uint32_t> offsets_;
};

TEST_F(AcpiTables, DisassembleWithoutComplaint)
{
    for (const auto& [name, offset] : offsets_) {
        const Finished result = run("cd " + folder_.path().string() + " && iasl -d " + name + ".dat");
        EXPECT_EQ(result.status, 0) << result.output;
        EXPECT_EQ(result.output.find("ncorrect checksum"), std::string::npos) << name << ": " << result.output;
        EXPECT_EQ(result.output.find("Invalid"), std::string::npos) << name << ": " << result.output;
    }
}

TEST_F(AcpiTables, FadtNamesThePortsOfTheChip)
{
    run("cd " + folder_.path().string() + " && iasl -d FACP.dat");
    std::ifstream file{folder_ / "FACP.dsl"};
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_NE(text.str().find("PM1A Event Block Address : 00000600"), std::string::npos) << text.str();
    EXPECT_NE(text.str().find("PM Timer Block Address : 00000608"), std::string::npos);
    EXPECT_NE(text.str().find("Reset Register"), std::string::npos);
}

TEST_F(AcpiTables, TheInterpreterRoutesInterruptsInBothModes)
{
    const std::string acpiexec = "cd " + folder_.path().string() + " && acpiexec -b ";
    const Finished links = run(acpiexec + "\"execute \\_SB.PCI0._PRT\" DSDT.dat");
    EXPECT_NE(links.output.find("LNK"), std::string::npos) << links.output.substr(0, 4000);
    const Finished gsis = run(acpiexec + "\"execute \\_PIC 1; execute \\_SB.PCI0._PRT\" DSDT.dat");
    EXPECT_EQ(gsis.output.find("Error"), std::string::npos) << gsis.output.substr(0, 4000);
}

TEST(AcpiTablesWithoutApic, HaveNoMadt)
{
    const AcpiFiles files = make_acpi_tables({.apic = false});
    const std::string text{files.tables.begin(), files.tables.end()};
    EXPECT_EQ(text.find("APIC\x01"), std::string::npos);
    EXPECT_NE(text.find("FACP"), std::string::npos);
}

TEST(Smbios, CountsItsStructuresAndHoldsTheUuid)
{
    SmbiosOptions options{.processor_name = "cpu", .packages = 2, .cores = 3, .memory = 512u << 20};
    for (std::uint8_t i = 0; i < 16; ++i) {
        options.uuid[i] = i;
    }
    const SmbiosFiles files = make_smbios_tables(options);
    unsigned structures = 0;
    unsigned packages = 0;
    for (std::size_t at = 0; at < files.tables.size(); ++structures) {
        if (files.tables[at] == 1) {
            EXPECT_EQ(files.tables[at + 8], 0) << "in text order";
            EXPECT_EQ(files.tables[at + 23], 15);
        }
        if (files.tables[at] == 4) {
            ++packages;
            EXPECT_EQ(files.tables[at + 1], 0x28) << "as version 2.5 has it";
            EXPECT_EQ(files.tables[at + 0x23], 3) << "cores";
            EXPECT_EQ(files.tables[at + 0x24], 3) << "of them enabled";
            EXPECT_EQ(files.tables[at + 0x25], 3) << "threads";
        }
        at += files.tables.at(at + 1);
        while (files.tables.at(at) != 0 || files.tables.at(at + 1) != 0) {
            ++at;
        }
        at += 2;
    }
    EXPECT_EQ(packages, 2u);
    EXPECT_EQ(structures, little(files.anchor, 28, 2));
    EXPECT_EQ(files.tables.size(), little(files.anchor, 22, 2));
    EXPECT_EQ(files.anchor.size(), 31u);
}

} // namespace

} // namespace windsor::firmware
