// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/acpi_tables.hpp"

#include "dsdt.hex"
#include "firmware/byte_order.hpp"
#include "firmware/loader_script.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace windsor::firmware {

namespace {

constexpr std::string_view kOemId = "WNDSOR";
constexpr std::string_view kOemTableId = "WINDSOR ";
constexpr std::size_t kChecksumOffset = 9;
constexpr std::size_t kMakerOffset = 10; // OEM ID and OEM table ID of a header, section 5.2.6
constexpr std::size_t kMakerSize = 14;

using Zone = LoaderScript::Zone;

// The tables file as it grows.
class Tables {
public:
    Tables(LoaderScript& loader, const AcpiOptions& options) : loader_{loader}
    {
        const auto slic = std::ranges::find(options.others, "SLIC", &AcpiTable::signature);
        if (slic != options.others.end()) {
            maker_.assign(slic->bytes.begin() + kMakerOffset, slic->bytes.begin() + kMakerOffset + kMakerSize);
        }
    }

    Bytes& bytes() { return bytes_; }

    std::size_t begin(std::string_view signature, std::uint8_t revision)
    {
        const std::size_t start = bytes_.size();
        put_text(bytes_, signature, 4);
        put_little(bytes_, 0, 4); // length: end() knows
        put_little(bytes_, revision, 1);
        put_little(bytes_, 0, 1); // checksum: the loader's work
        put_text(bytes_, maker_, kMakerSize);
        put_little(bytes_, 1, 4);
        put_text(bytes_, "WNDS", 4);
        put_little(bytes_, 1, 4);
        return start;
    }
    void end(std::size_t start)
    {
        const std::size_t length = bytes_.size() - start;
        for (unsigned i = 0; i < 4; ++i) {
            bytes_[start + 4 + i] = static_cast<std::uint8_t>(length >> (8 * i));
        }
        loader_.add_checksum(AcpiFiles::kTablesName, start + kChecksumOffset, start, length);
    }
    void put_pointer(std::size_t to, std::uint8_t size)
    {
        loader_.add_pointer(AcpiFiles::kTablesName, AcpiFiles::kTablesName, bytes_.size(), size);
        put_little(bytes_, to, size);
    }
    // One that is complete.
    std::size_t append(const Bytes& table)
    {
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
        const std::size_t start = bytes_.size();
        bytes_.insert(bytes_.end(), table.begin(), table.end());
        return start;
    }
    void put(std::uint64_t value, unsigned size) { put_little(bytes_, value, size); }
    void skip(std::size_t count) { bytes_.resize(bytes_.size() + count); }

private:
    LoaderScript& loader_;
    // Who made the tables, and by what name. Windows takes a SLIC only if its own are in the RSDT, too.
    std::string maker_{std::string{kOemId} + std::string{kOemTableId}};
    Bytes bytes_;
};

// Section 5.2.10.
std::size_t add_facs(Tables& tables)
{
    const std::size_t start = tables.bytes().size();
    put_text(tables.bytes(), "FACS", 4);
    tables.put(64, 4);
    tables.skip(24);
    tables.put(1, 1); // version
    tables.skip(31);
    return start;
}

std::size_t add_dsdt(Tables& tables)
{
    const std::size_t start = tables.bytes().size();
    tables.bytes().insert(tables.bytes().end(), std::begin(dsdt_aml_code), std::end(dsdt_aml_code));
    return start;
}

// A generic address of `bytes` in I/O space, section 5.2.3.1; all zero if there is no such register.
void put_io_address(Tables& tables, std::uint16_t port, unsigned bytes)
{
    const bool present = port != 0;
    tables.put(present ? 1 : 0, 1);         // address space: system I/O
    tables.put(present ? 8 * bytes : 0, 1); // width in bits
    tables.put(0, 2);                       // offset, access size
    tables.put(port, 8);
}

// The register blocks of the PIIX4.
struct PmPorts {
    std::uint16_t event;
    std::uint16_t control;
    std::uint16_t timer;
    std::uint16_t gpe0;
};
constexpr std::uint16_t kSmiCommandPort = 0xb2;
constexpr std::uint16_t kGpe0Port = 0xafe0;
constexpr std::uint16_t kResetPort = 0xcf9;
constexpr std::uint8_t kResetValue = 0x06;

// Flags of the FADT, table 5-10.
constexpr std::uint32_t kWbinvd = 1 << 0;
constexpr std::uint32_t kProcC1 = 1 << 2;
constexpr std::uint32_t kNoFixedSleepButton = 1 << 5;
constexpr std::uint32_t kNoFixedRtc = 1 << 6;
constexpr std::uint32_t kResetRegister = 1 << 10;

void put_fadt_fixed_part(Tables& tables, const PmPorts& ports)
{
    tables.put(0, 2);    // reserved, preferred profile: unspecified
    tables.put(9, 2);    // SCI_INT
    tables.put(kSmiCommandPort, 4);
    tables.put(0xf1, 1); // ACPI_ENABLE
    tables.put(0xf0, 1); // ACPI_DISABLE
    tables.put(0, 2);
    tables.put(ports.event, 4);
    tables.put(0, 4);
    tables.put(ports.control, 4);
    tables.put(0, 8);
    tables.put(ports.timer, 4);
    tables.put(ports.gpe0, 4);
    tables.put(0, 4);
    tables.put(0x04'00'02'04, 4); // lengths: events 4, control 2, PM2 0, timer 4
    tables.put(4, 1);             // GPE0 length
    tables.put(0, 3);
    tables.put(0xfff, 2);         // no C2
    tables.put(0xfff, 2);         // no C3
    tables.put(0, 4);             // flush size and stride
    tables.put(0, 4);             // duty cycle, alarms
    tables.put(0x32, 1);          // century in CMOS
    tables.put(3, 2);             // IAPC_BOOT_ARCH: legacy devices, 8042
    tables.put(0, 1);
    tables.put(kWbinvd | kProcC1 | kNoFixedSleepButton | kNoFixedRtc | kResetRegister, 4);
}

// Section 5.2.9, revision 3.
std::size_t add_fadt(Tables& tables, std::size_t facs, std::size_t dsdt, std::uint16_t pm_base)
{
    const PmPorts ports{.event = pm_base,
                        .control = static_cast<std::uint16_t>(pm_base + 4),
                        .timer = static_cast<std::uint16_t>(pm_base + 8),
                        .gpe0 = kGpe0Port};
    const std::size_t start = tables.begin("FACP", 3);
    tables.put_pointer(facs, 4);
    tables.put_pointer(dsdt, 4);
    put_fadt_fixed_part(tables, ports);
    put_io_address(tables, kResetPort, 1);
    tables.put(kResetValue, 1);
    tables.skip(3);
    tables.put(0, 8); // X_FIRMWARE_CTRL: the 32-bit one counts
    tables.put_pointer(dsdt, 8);
    put_io_address(tables, ports.event, 4);
    put_io_address(tables, 0, 0);
    put_io_address(tables, ports.control, 2);
    put_io_address(tables, 0, 0);
    put_io_address(tables, 0, 0);
    put_io_address(tables, ports.timer, 4);
    put_io_address(tables, ports.gpe0, 4);
    put_io_address(tables, 0, 0);
    tables.end(start);
    return start;
}

void put_interrupt_override(Tables& tables, std::uint8_t irq, std::uint32_t input, std::uint16_t flags)
{
    tables.put(2, 1);
    tables.put(10, 1);
    tables.put(0, 1); // ISA
    tables.put(irq, 1);
    tables.put(input, 4);
    tables.put(flags, 2);
}

// Section 5.2.11.
std::size_t add_madt(Tables& tables, unsigned processors)
{
    constexpr std::uint16_t kBusDefault = 0x0;
    constexpr std::uint16_t kActiveHighLevel = 0xd;
    const std::size_t start = tables.begin("APIC", 1);
    tables.put(kLocalApicAddress, 4);
    tables.put(1, 4); // PCAT_COMPAT: 8259s are there, too
    for (unsigned processor = 0; processor < processors; ++processor) {
        tables.put(0, 1);
        tables.put(8, 1);
        tables.put(processor, 1);
        tables.put(local_apic_id(processor), 1);
        tables.put(1, 4); // enabled
    }
    tables.put(1, 1);
    tables.put(12, 1);
    tables.put(kIoApicId, 1);
    tables.put(0, 1);
    tables.put(kIoApicAddress, 4);
    tables.put(0, 4); // its first input
    put_interrupt_override(tables, 0, 2, kBusDefault);
    for (const std::uint8_t irq : std::array<std::uint8_t, 4>{5, 9, 10, 11}) {
        put_interrupt_override(tables, irq, irq, kActiveHighLevel);
    }
    tables.put(4, 1); // NMI at LINT1 of every processor
    tables.put(6, 1);
    tables.put(0xff, 1);
    tables.put(0, 2);
    tables.put(1, 1);
    tables.end(start);
    return start;
}

Bytes make_rsdp(LoaderScript& loader, std::size_t rsdt)
{
    Bytes rsdp;
    put_text(rsdp, "RSD PTR ", 8);
    put_little(rsdp, 0, 1); // checksum
    put_text(rsdp, kOemId, 6);
    put_little(rsdp, 0, 1); // revision 0: ACPI 1.0
    loader.add_pointer(AcpiFiles::kRsdpName, AcpiFiles::kTablesName, rsdp.size(), 4);
    put_little(rsdp, rsdt, 4);
    loader.add_checksum(AcpiFiles::kRsdpName, 8, 0, rsdp.size());
    return rsdp;
}

} // namespace

AcpiFiles make_acpi_tables(const AcpiOptions& options)
{
    LoaderScript loader;
    loader.allocate(AcpiFiles::kTablesName, 64, Zone::High);
    loader.allocate(AcpiFiles::kRsdpName, 16, Zone::FSegment);
    Tables tables{loader, options};
    const std::size_t facs = add_facs(tables);
    const std::size_t dsdt = add_dsdt(tables);
    std::vector<std::size_t> listed{add_fadt(tables, facs, dsdt, options.pm_base)};
    if (options.apic) {
        listed.push_back(add_madt(tables, options.processors));
    }
    for (const AcpiTable& other : options.others) {
        listed.push_back(tables.append(other.bytes));
    }
    const std::size_t rsdt = tables.begin("RSDT", 1);
    for (const std::size_t table : listed) {
        tables.put_pointer(table, 4);
    }
    tables.end(rsdt);
    AcpiFiles files;
    files.rsdp = make_rsdp(loader, rsdt);
    files.tables = std::move(tables.bytes());
    files.loader = loader.take();
    return files;
}

} // namespace windsor::firmware
