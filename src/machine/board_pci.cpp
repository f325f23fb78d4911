// SPDX-License-Identifier: GPL-2.0-or-later
// The board's PCI bus: which function sits in which slot, and where its ranges lead.
#include "machine/board.hpp"

#include "firmware/acpi_tables.hpp"
#include "firmware/byte_order.hpp"
#include "firmware/smbios.hpp"

namespace windsor::machine {

namespace {

using namespace devices;

// Slots as Xen HVM guests know them: the PIIX3 in slot 1, then display.
constexpr unsigned kHostBridgeSlot = 0;
constexpr unsigned kPiix3Slot = 1;
constexpr unsigned kIsaBridgeFunction = 0;
constexpr unsigned kIdeFunction = 1;
constexpr unsigned kPowerManagementFunction = 3;
constexpr unsigned kDisplaySlot = 2;

} // namespace

void Board::add_pci(unsigned device, unsigned number, pci::Function& function)
{
    function.connect({.lock = host_.lock(), .ports = ports_, .mmio = mmio_, .memory = memory_, .layer = kDeviceLayer});
    function.connect_interrupt(pci_interrupts_.line(device, number, function.interrupt_pin()));
    // The slots are constants above and distinct.
    static_cast<void>(pci_bus_.add(device, number, function));
}

base::Status Board::build_pci(const Options& options, const base::Clock& clock, base::TimerQueue& timers)
{
    host_bridge_ = std::make_unique<i440fx::HostBridge>(*pam_);
    add_pci(kHostBridgeSlot, 0, *host_bridge_);
    add_pci(kPiix3Slot, kIsaBridgeFunction, isa_bridge_);
    add_pci(kPiix3Slot, kIdeFunction, ide_);
    if (options.acpi) {
        build_power_management(clock, timers);
    }
    vga_ = WINDSOR_TRY(vga::Vga::create(memory_, clock));
    const Rom vga_bios = WINDSOR_TRY(Rom::of(firmware_->vga_bios));
    vga_function_ = WINDSOR_TRY(vga::PciFunction::create(*vga_, vga_bios.block->bytes()));
    add_pci(kDisplaySlot, 0, *vga_function_);
    claims_.push_back(ports_.claim(vga::kPortsStart, vga::kPortsSize, vga_->ports(), "vga"));
    claims_.push_back(ports_.claim(vga::dispi::kPortsStart, vga::dispi::kPortsSize, vga_->dispi_ports(), "vga dispi"));
    claims_.push_back(mmio_.claim(vga::kWindowStart, vga::kWindowSize, vga_->window(), "vga"));
    claims_.push_back(ports_.claim(pci::kConfigAddressPort, pci::kConfigPorts, pci_bus_, "pci"));
    claims_.push_back(ports_.claim(piix3::kResetControlPort, 1, reset_control_, "reset control"));
    return {};
}

void Board::build_power_management(const base::Clock& clock, base::TimerQueue& timers)
{
    acpi_pm::PowerManagement::Wiring wiring;
    wiring.on_pm_io = [this](std::optional<std::uint16_t> base) {
        assert_locked();
        pm_ports_ = {};
        pm_base_ = base;
        if (base) {
            pm_ports_ = ports_.claim(*base, acpi_pm::kPmIoSize, power_->pm_io(), "acpi pm");
        }
    };
    wiring.on_smbus_io = [this](std::optional<std::uint16_t> base) {
        assert_locked();
        smbus_ports_ = {};
        if (base) {
            smbus_ports_ = ports_.claim(*base, acpi_pm::kSmbusSize, power_->smbus_io(), "smbus");
        }
    };
    wiring.on_sleep = [this](acpi_pm::SleepType type) {
        assert_locked();
        if (type == acpi_pm::SleepType::SoftOff) {
            host_.request(Event::PowerOff);
        } else {
            log_.guest("acpi", "the guest asked for a sleep state that the DSDT does not offer");
        }
    };
    wiring.sci = isa_interrupts_.line(acpi_pm::kSciIrq);
    power_ = std::make_unique<acpi_pm::PowerManagement>(clock, timers, std::move(wiring));
    add_pci(kPiix3Slot, kPowerManagementFunction, *power_);
    claims_.push_back(ports_.claim(acpi_pm::kGpeBase, acpi_pm::kGpeSize, power_->gpe_io(), "acpi gpe"));
    claims_.push_back(ports_.claim(acpi_pm::kSmiCommandPort, acpi_pm::kSmiPorts, power_->smi_io(), "smi"));
}

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

firmware::SmbiosFiles smbios(const Options& options)
{
    constexpr std::uint32_t kFeatures = 1;
    const vcpu::CpuidLeaf features = options.cpu.cpuid(kFeatures, 0, {}, 0);
    // As CPUID tells the guest: cores of one package, where the model can say so. See CpuModel::share_package().
    constexpr std::uint32_t kCaches = 4;
    constexpr std::uint32_t kAddressSizes = 0x80000008;
    const bool shares =
        options.acpi && (options.cpu.word(kCaches, 0, 0) != 0 || options.cpu.word(kAddressSizes, 0, 0) != 0);
    std::string serial;
    for (const std::uint8_t byte : options.uuid) {
        serial += fmt::format("{:02x}", byte);
    }
    return firmware::make_smbios_tables({.uuid = options.uuid,
                                         .serial = serial,
                                         .processor_name = "Windsor",
                                         .processor_signature = options.cpu.signature(),
                                         .processor_features = features.edx,
                                         .packages = shares ? 1 : options.processors,
                                         .cores = shares ? options.processors : 1,
                                         .memory = options.memory});
}

} // namespace

void Board::fill_fw_cfg(const Options& options)
{
    using firmware::AcpiFiles;
    using firmware::FwCfgKey;
    fw_cfg_.add(FwCfgKey::Uuid, {options.uuid.begin(), options.uuid.end()});
    fw_cfg_.add_number(FwCfgKey::RamSize, options.memory, 8);
    fw_cfg_.add_number(FwCfgKey::NoGraphic, 0, 2);
    fw_cfg_.add_number(FwCfgKey::ProcessorCount, options.processors, 2);
    fw_cfg_.add_number(FwCfgKey::MaxProcessors, firmware::local_apic_id(options.processors - 1) + 1u,
                       2); // ids, in truth
    fw_cfg_.add_number(FwCfgKey::NumaNodes, 0, 8);
    fw_cfg_.add_number(FwCfgKey::BootMenu, 0, 2);
    fw_cfg_.add_number(FwCfgKey::Irq0Override, 1, 4);
    fw_cfg_.add_file("etc/e820", e820(options.memory));
    const firmware::SmbiosFiles tables = smbios(options);
    fw_cfg_.add_file(firmware::SmbiosFiles::kAnchorName, tables.anchor);
    fw_cfg_.add_file(firmware::SmbiosFiles::kTablesName, tables.tables);
    if (options.acpi) {
        // Firmware has placed the power management ports by the time it asks for the tables.
        const auto make = [this, apic = options.apic, processors = options.processors] {
            return firmware::make_acpi_tables(
                {.processors = processors, .apic = apic, .pm_base = pm_base_.value_or(0x600)});
        };
        const AcpiFiles sizes = make();
        fw_cfg_.add_file(AcpiFiles::kTablesName, [make] { return make().tables; }, sizes.tables.size());
        fw_cfg_.add_file(AcpiFiles::kRsdpName, sizes.rsdp);
        fw_cfg_.add_file(AcpiFiles::kLoaderName, sizes.loader);
    }
    fw_cfg_.finish();
}

} // namespace windsor::machine
