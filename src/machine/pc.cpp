// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/pc.hpp"

#include "chipset/pci_root.hpp"
#include "devices/ac97/unit.hpp"
#include "devices/acpi_pm/spec.hpp"
#include "devices/acpi_pm/unit.hpp"
#include "devices/dma/unit.hpp"
#include "devices/e1000/unit.hpp"
#include "devices/floppy/spec.hpp"
#include "devices/floppy/unit.hpp"
#include "devices/fw_debug/spec.hpp"
#include "devices/fw_debug/unit.hpp"
#include "devices/i440fx/spec.hpp"
#include "devices/i440fx/unit.hpp"
#include "devices/i8042/unit.hpp"
#include "devices/ide/unit.hpp"
#include "devices/ioapic/spec.hpp"
#include "devices/ioapic/unit.hpp"
#include "devices/pic/unit.hpp"
#include "devices/piix3/spec.hpp"
#include "devices/piix3/unit.hpp"
#include "devices/pit/unit.hpp"
#include "devices/rtc/unit.hpp"
#include "devices/rtl8139/unit.hpp"
#include "devices/uart/unit.hpp"
#include "devices/uhci/unit.hpp"
#include "devices/usb_hid/unit.hpp"
#include "devices/vga/cirrus/unit.hpp"
#include "devices/vga/spec.hpp"
#include "devices/vga/unit.hpp"
#include "firmware/fw_cfg_unit.hpp"
#include "machine/cmos_setup.hpp"
#include "machine/firmware_setup.hpp"

#include <array>
#include <bit>

#include <fmt/format.h>

namespace windsor::machine {

namespace {

using namespace devices;
using chipset::isa;
using chipset::pci;
using chipset::Slot;

// What the slots are made from besides the specification.
struct Contents {
    std::shared_ptr<const FirmwareFiles> firmware;
    std::vector<ide::AttachedDrive> drives;
    std::array<floppy::AttachedFloppy, kFloppies> floppies;

    bool has_floppies() const { return std::ranges::any_of(floppies, &floppy::AttachedFloppy::present); }
};

// PCI devices. The sound card's does not depend on how many network cards there are.
constexpr unsigned kFirstCardDevice = 4;
constexpr unsigned kSoundDevice = kFirstCardDevice + kMostNetworkCards;

// COM1 to COM4.
constexpr std::array<std::uint16_t, 4> kSerialPorts{0x3f8, 0x2f8, 0x3e8, 0x2e8};
constexpr std::array<unsigned, 4> kSerialIrqs{4, 3, 4, 3};

std::vector<std::uint8_t> bytes_of(const std::vector<char>& file)
{
    return {file.begin(), file.end()};
}

i440fx::PamMapper::Options shadow_ram(Board& board)
{
    return {.ram = &board.low_ram(),
            .rom = board.firmware().block.get(),
            .rom_size = board.firmware().size,
            .layer = kPamLayer,
            .smram_layer = kSmramLayer};
}

rtc::Rtc::Options clock_of(const MachineSpec& spec)
{
    return {.base_seconds = spec.rtc_base_seconds, .missed = spec.missed_ticks};
}

// Without a boot ROM where the specification has none to boot from.
Slot network_card(const NetworkCardSpec& card, std::size_t number, const FirmwareFiles& firmware)
{
    std::vector<std::uint8_t> rom;
    if (const auto found = firmware.network.find(card.model); found != firmware.network.end()) {
        rom = bytes_of(found->second);
    }
    const chipset::PciPlace place{kFirstCardDevice + static_cast<unsigned>(number), 0};
    return card.model == NetworkModel::Rtl8139
               ? pci(place, "rtl8139", {}, rtl8139::unit(card.mac, card.link, std::move(rom)))
               : pci(place, "e1000", {}, e1000::unit(card.mac, card.link, std::move(rom)));
}

// The PIIX3's USB and what is plugged in.
void add_usb(const MachineSpec& spec, std::vector<Slot>& slots)
{
    slots.push_back(pci({1, 2}, "uhci", {}, uhci::unit()));
    for (std::size_t port = 0; port < backend::kUsbPorts; ++port) {
        const auto kind = port < spec.usb_devices.size() ? spec.usb_devices[port] : backend::UsbKind::None;
        slots.push_back({fmt::format("usb/{}", port + 1), {}, usb_hid::socket(port, kind)});
    }
}

// What sits in slots of the PCI bus where people put cards.
void add_cards(const MachineSpec& spec, const Contents& contents, std::vector<Slot>& slots)
{
    if (spec.display == Display::StandardVga) {
        slots.push_back(pci({2, 0}, "vga",
                            {.ports = {vga::kPortsStart, vga::dispi::kPortsStart}, .mmio = {vga::kWindowStart}},
                            vga::unit(bytes_of(contents.firmware->vga_bios), spec.video_memory)));
    }
    if (spec.display == Display::Cirrus) {
        slots.push_back(pci({2, 0}, "cirrus", {.ports = {vga::kPortsStart}, .mmio = {vga::kWindowStart}},
                            vga::cirrus::unit(bytes_of(contents.firmware->vga_bios))));
    }
    for (std::size_t number = 0; number < spec.network_cards.size(); ++number) {
        slots.push_back(network_card(spec.network_cards[number], number, *contents.firmware));
    }
    if (spec.sound_card == SoundCard::Ac97) {
        slots.push_back(pci({kSoundDevice, 0}, "ac97", {}, ac97::unit(spec.sound_output)));
    }
}

// Everything that a PC has. The order is that of loading: interrupt controllers come first, since devices that bring
// themselves up to date may raise their lines. PCI functions sit where guests of Xen HVM know them: the PIIX3 in device
// 1, then display, and network cards in device 4 and up; sound comes after them.
std::vector<Slot> slots_of(Board& board, const MachineSpec& spec, const Contents& contents)
    WINDSOR_REQUIRES(bus::kMachineLock)
{
    Interrupts& interrupts = board.interrupts();
    // clang-format off
    std::vector<Slot> slots{
        // what                      ports, memory                      interrupts  device
        {"processors",               {},                                            interrupts.local_apics()},
        {"ioapic",                   {.mmio = {ioapic::kDefaultBase}},              ioapic::unit(interrupts.ioapic())},
        isa("pic",                   {0x20, 0xa0, 0x4d0},               {},         pic::unit(interrupts.pic())),
        isa("interrupts",            {},                                {},         interrupts.isa_inputs()),
        {"pci",                      {.ports = {pci::kConfigAddressPort}},          chipset::pci_root()},
        pci({0, 0}, "i440fx",        {.mmio = {i440fx::kPamStart}},                 i440fx::unit(shadow_ram(board))),
        pci({1, 0}, "piix3",         {},                                            piix3::isa_bridge()),
        isa("reset_control",         {piix3::kResetControlPort},        {},         piix3::reset_control()),
        isa("numeric_error",         {piix3::kNumericErrorPort},        {13},       piix3::numeric_error()),
        pci({1, 1}, "ide",           {.ports = {0x1f0, 0x170, 0x3f6, 0x376},
                                      .irqs = {14, 15}},                            ide::unit(contents.drives)),
        isa("rtc",                   {0x70, 0x72},                      {8},        rtc::unit(clock_of(spec))),
        isa("pit",                   {0x40, 0x61},                      {0},        pit::unit(spec.missed_ticks)),
        isa("dma",                   {0x00, 0x80, 0xc0},                {},         dma::unit()),
        isa("i8042",                 {0x60, 0x64, 0x92},                {1, 12},    i8042::unit()),
        isa("seabios_debug",         {fw_debug::kSeabiosPort},          {},         fw_debug::unit()),
        isa("port_e9",               {fw_debug::kBochsPort},            {},         fw_debug::unit()),
    };
    // clang-format on
    if (contents.has_floppies()) {
        slots.push_back(
            isa("floppy", {floppy::kPorts, floppy::kDigitalInputPort}, {6}, floppy::unit(contents.floppies)));
    }
    for (std::size_t n = 0; n < spec.serial_ports.size(); ++n) {
        if (spec.serial_ports[n]) {
            slots.push_back(isa(fmt::format("serial{}", n + 1), {kSerialPorts.at(n)}, {kSerialIrqs.at(n)},
                                uart::unit(*spec.serial_ports[n])));
        }
    }
    if (spec.usb == Usb::Uhci) {
        add_usb(spec, slots);
    }
    if (spec.acpi) {
        slots.push_back(pci({1, 3}, "power_management",
                            {.ports = {acpi_pm::kGpeBase, acpi_pm::kSmiCommandPort}, .irqs = {acpi_pm::kSciIrq}},
                            acpi_pm::unit()));
    }
    add_cards(spec, contents, slots);
    slots.push_back(isa("fw_cfg", {firmware::FwCfg::kPort}, {},
                        firmware::fw_cfg_unit([&spec](firmware::FwCfg& fw_cfg, const chipset::Outlets& outlets) {
                            fill_fw_cfg(fw_cfg, spec, outlets);
                        })));
    return slots;
}

base::Status open_drives(const MachineSpec& spec, const Executor& executor, Contents& contents,
                         std::vector<NeededDrive>& needs)
{
    for (const DriveSpec& drive : spec.drives) {
        std::shared_ptr<backend::BlockMedia> media;
        if (drive.open_media) {
            media = WINDSOR_TRY(drive.open_media(executor));
        }
        needs.push_back({.slot = static_cast<std::uint8_t>(drive.slot),
                         .cdrom = drive.cdrom,
                         .size = media ? media->size_bytes() : 0});
        std::string name = drive_name(drive.slot);
        if (drive.slot >= kFirstFloppySlot) {
            contents.floppies.at(drive.slot - kFirstFloppySlot) = {
                .present = true, .name = std::move(name), .media = std::move(media)};
        } else {
            contents.drives.push_back({.position = drive.slot,
                                       .name = std::move(name),
                                       .cdrom = drive.cdrom,
                                       .serial = drive.serial,
                                       .model = drive.model,
                                       .firmware = drive.firmware,
                                       .media = std::move(media)});
        }
    }
    return {};
}

base::Status check(const MachineSpec& spec)
{
    if (firmware::find_hal(hal_keys(spec)) == nullptr) {
        return base::fail("a machine of {} processors has local APICs", spec.processors);
    }
    if (spec.serial_ports.size() > kSerialPorts.size()) {
        return base::fail("a machine has {} serial ports at most", kSerialPorts.size());
    }
    constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
    const bool fits =
        std::has_single_bit(spec.video_memory) && spec.video_memory >= kMiB && spec.video_memory <= vga::kMostVram;
    if (spec.display == Display::StandardVga && !fits) {
        return base::fail("the standard VGA has a power of two of 1 to {} MiB, not {} bytes", vga::kMostVram / kMiB,
                          spec.video_memory);
    }
    if (spec.network_cards.size() > kMostNetworkCards) {
        return base::fail("a machine has {} network cards at most", kMostNetworkCards);
    }
    if (spec.usb_devices.size() > (spec.usb == Usb::None ? 0 : backend::kUsbPorts)) {
        return base::fail("a machine has {} USB ports at most, and none without a controller", backend::kUsbPorts);
    }
    return {};
}

} // namespace

base::Result<Pc> make_pc(const MachineSpec& spec, const Board::Parts& parts, const Executor& executor)
{
    WINDSOR_TRY(check(spec));
    Pc pc{.board = WINDSOR_TRY(Board::create(parts, spec.memory, spec.processors)), .drives = {}};
    Contents contents{.firmware = spec.firmware, .drives = {}, .floppies = {}};
    WINDSOR_TRY(open_drives(spec, executor, contents, pc.drives));
    if (contents.firmware == nullptr) {
        contents.firmware = std::make_shared<FirmwareFiles>(WINDSOR_TRY(FirmwareFiles::read(spec.bios, spec.vga_bios)));
    }
    pc.board->install_firmware(WINDSOR_TRY(Rom::of(contents.firmware->bios)));
    WINDSOR_TRY(pc.board->plug(slots_of(*pc.board, spec, contents)));
    fill_cmos(*pc.board->outlets().cmos.front(),
              {.memory = spec.memory,
               .boot = spec.boot,
               .processors = spec.processors,
               .floppies = static_cast<std::uint8_t>(floppy::cmos_type(contents.floppies[0]) << 4 |
                                                     floppy::cmos_type(contents.floppies[1]))});
    return pc;
}

} // namespace windsor::machine
