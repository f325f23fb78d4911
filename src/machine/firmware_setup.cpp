// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/firmware_setup.hpp"

#include "firmware/acpi_tables.hpp"
#include "firmware/byte_order.hpp"
#include "firmware/hal.hpp"
#include "firmware/loader_script.hpp"
#include "firmware/pir_table.hpp"
#include "firmware/smbios.hpp"
#include "machine/ram.hpp"

namespace windsor::machine {

namespace {

// Memory as BIOS service E820 reports it: address, length and type, 20 bytes an entry.
firmware::Bytes e820(std::uint64_t memory)
{
    constexpr std::uint32_t kUsable = 1;
    firmware::Bytes table;
    firmware::put_little(table, 0, 8);
    firmware::put_little(table, low_ram(memory), 8);
    firmware::put_little(table, kUsable, 4);
    if (high_ram(memory) != 0) {
        firmware::put_little(table, kHighRamStart, 8);
        firmware::put_little(table, high_ram(memory), 8);
        firmware::put_little(table, kUsable, 4);
    }
    return table;
}

firmware::SmbiosFiles smbios(const MachineSpec& spec)
{
    constexpr std::uint32_t kFeatures = 1;
    const vcpu::CpuidLeaf features = spec.cpu.cpuid(kFeatures, 0, {}, 0);
    // As CPUID tells the guest: cores of one package, where the model can say so. See CpuModel::share_package().
    constexpr std::uint32_t kCaches = 4;
    constexpr std::uint32_t kAddressSizes = 0x80000008;
    const bool shares = spec.acpi && (spec.cpu.word(kCaches, 0, 0) != 0 || spec.cpu.word(kAddressSizes, 0, 0) != 0);
    return firmware::make_smbios_tables({.uuid = spec.uuid,
                                         .texts = spec.smbios,
                                         .structures = spec.smbios_structures,
                                         .processor_name = "Windsor",
                                         .processor_signature = spec.cpu.signature(),
                                         .processor_features = features.edx,
                                         .packages = shares ? 1 : spec.processors,
                                         .cores = shares ? spec.processors : 1,
                                         .memory = spec.memory});
}

// Firmware has placed the ports by the time it asks for the tables. This is called in the middle of its access to
// fw_cfg, and so with the machine lock held.
std::uint16_t pm_base(const chipset::Outlets& outlets) WINDSOR_NO_LOCK_ANALYSIS
{
    constexpr std::uint16_t kUsual = 0x600; // where SeaBIOS puts them
    return outlets.acpi.empty() ? kUsual : outlets.acpi.front()->pm_base().value_or(kUsual);
}

// SeaBIOS makes an MP table and a $PIR table of its own for up to 255 local APIC ids, whether there are APICs or not.
// With more it leaves out both, and nothing else changes where the processor has no APIC.
constexpr unsigned kNoTablesOfSeabios = 256;

// The tables that firmware is to install besides its own.
void add_tables(firmware::FwCfg& fw_cfg, const MachineSpec& spec, const firmware::Hal& hal,
                const chipset::Outlets& outlets)
{
    using firmware::AcpiFiles;
    firmware::Bytes loader;
    if (hal.rsdp) {
        const auto make = [&outlets, apic = hal.madt, processors = spec.processors, others = spec.acpi_tables] {
            return firmware::make_acpi_tables(
                {.processors = processors, .apic = apic, .pm_base = pm_base(outlets), .others = others});
        };
        AcpiFiles sizes = make();
        fw_cfg.add_file(AcpiFiles::kTablesName, [make] { return make().tables; }, sizes.tables.size());
        fw_cfg.add_file(AcpiFiles::kRsdpName, sizes.rsdp);
        loader = std::move(sizes.loader);
    }
    if (hal.pir_table && !hal.mp_table) {
        fw_cfg.add_file(firmware::PirTable::kName, firmware::PirTable::make());
        const firmware::Bytes commands = firmware::PirTable::loader();
        loader.insert(loader.end(), commands.begin(), commands.end());
    }
    if (!loader.empty()) {
        fw_cfg.add_file(firmware::kLoaderName, loader);
    }
}

} // namespace

firmware::HalKeys hal_keys(const MachineSpec& spec)
{
    return {.acpi = spec.acpi, .apic = spec.apic, .processors = spec.processors};
}

void fill_fw_cfg(firmware::FwCfg& fw_cfg, const MachineSpec& spec, const chipset::Outlets& outlets)
{
    using firmware::FwCfgKey;
    const firmware::Hal& hal = *firmware::find_hal(hal_keys(spec));
    fw_cfg.add(FwCfgKey::Uuid, {spec.uuid.begin(), spec.uuid.end()});
    fw_cfg.add_number(FwCfgKey::RamSize, spec.memory, 8);
    fw_cfg.add_number(FwCfgKey::NoGraphic, 0, 2);
    fw_cfg.add_number(FwCfgKey::ProcessorCount, spec.processors, 2);
    const unsigned local_apic_ids = firmware::local_apic_id(spec.processors - 1) + 1u;
    fw_cfg.add_number(FwCfgKey::MaxProcessors, hal.mp_table ? local_apic_ids : kNoTablesOfSeabios, 2);
    fw_cfg.add_number(FwCfgKey::NumaNodes, 0, 8);
    fw_cfg.add_number(FwCfgKey::BootMenu, 0, 2);
    fw_cfg.add_number(FwCfgKey::Irq0Override, 1, 4);
    fw_cfg.add_file("etc/e820", e820(spec.memory));
    const firmware::SmbiosFiles tables = smbios(spec);
    fw_cfg.add_file(firmware::SmbiosFiles::kAnchorName, tables.anchor);
    fw_cfg.add_file(firmware::SmbiosFiles::kTablesName, tables.tables);
    add_tables(fw_cfg, spec, hal, outlets);
    fw_cfg.finish();
}

} // namespace windsor::machine
