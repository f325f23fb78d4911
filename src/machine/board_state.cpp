// SPDX-License-Identifier: GPL-2.0-or-later
// The board in a saved state: one record a chip.
#include "machine/board.hpp"

#include "devices/acpi_pm/saved_state.hpp"
#include "devices/dma/saved_state.hpp"
#include "devices/fw_debug/saved_state.hpp"
#include "devices/i8042/saved_state.hpp"
#include "devices/ide/saved_state.hpp"
#include "devices/ioapic/saved_state.hpp"
#include "devices/lapic/saved_state.hpp"
#include "devices/pic/saved_state.hpp"
#include "devices/piix3/saved_state.hpp"
#include "devices/pit/saved_state.hpp"
#include "devices/rtc/saved_state.hpp"
#include "devices/uart/saved_state.hpp"
#include "devices/vga/saved_state.hpp"
#include "firmware/saved_state.hpp"
#include "machine/needs.hpp"
#include "pci/saved_state.hpp"

namespace windsor::machine {

namespace {

using namespace devices;

constexpr unsigned kDrives = ide::kChannels * ide::kDrivesPerChannel;

// A channel's two parts as one.
struct ChannelState {
    ide::Channel::State channel{};
    ide::BusMaster::State bus_master{};
};

template <typename Archive> void describe(Archive& archive, ChannelState& state)
{
    archive.field("channel", state.channel);
    archive.field("bus_master", state.bus_master);
}

struct WholeChannel {
    ide::Channel& channel;

    ChannelState state() const { return {channel.state(), channel.bus_master_state()}; }
    void load(const ChannelState& state) { channel.load(state.channel, state.bus_master); }
};

// Without the parts that a function's own class adds.
struct ConfigSpace {
    pci::Function& function;

    const pci::Function::State& state() const { return function.state(); }
    void load(const pci::Function::State& state) { function.load(state); }
};

} // namespace

// The order is that of loading. Interrupt controllers come first, since chips that bring themselves up to date may
// raise their lines; levels are taken over without edges. The router of PCI interrupts follows the ISA bridge, whose
// registers it needs, and channels follow their function, which resets them, and their drives.
template <typename Visit> base::Status Board::visit(Visit visit)
{
    for (std::size_t number = 0; number < sockets_.size(); ++number) {
        WINDSOR_TRY(visit(fmt::format("lapic{}", number), sockets_[number]->lapic()));
    }
    WINDSOR_TRY(visit("apic_bus", apic_bus_));
    WINDSOR_TRY(visit("ioapic", ioapic_));
    WINDSOR_TRY(visit("pic", pic_));
    WINDSOR_TRY(visit("isa_interrupts", isa_interrupts_));
    WINDSOR_TRY(visit("pci_bus", pci_bus_));
    WINDSOR_TRY(visit("host_bridge", ConfigSpace{*host_bridge_}));
    WINDSOR_TRY(visit("isa_bridge", ConfigSpace{isa_bridge_}));
    WINDSOR_TRY(visit("pci_interrupts", pci_interrupts_));
    WINDSOR_TRY(visit("reset_control", reset_control_));
    WINDSOR_TRY(visit("numeric_error", numeric_error_));
    WINDSOR_TRY(visit("ide", ConfigSpace{ide_}));
    for (unsigned slot = 0; slot < kDrives; ++slot) {
        WINDSOR_TRY(visit_drive(visit, slot));
    }
    WINDSOR_TRY(visit("ide_primary", WholeChannel{ide_.channel(0)}));
    WINDSOR_TRY(visit("ide_secondary", WholeChannel{ide_.channel(1)}));
    if (power_) {
        WINDSOR_TRY(visit("power_management", *power_));
    }
    WINDSOR_TRY(visit("vga_function", ConfigSpace{*vga_function_}));
    WINDSOR_TRY(visit("vga", *vga_));
    WINDSOR_TRY(visit("rtc", rtc_));
    WINDSOR_TRY(visit("pit", pit_));
    WINDSOR_TRY(visit("system_control", system_control_));
    WINDSOR_TRY(visit("dma", dma_));
    WINDSOR_TRY(visit("a20", a20_));
    WINDSOR_TRY(visit("i8042", i8042_));
    WINDSOR_TRY(visit("port_92", system_control_a_));
    WINDSOR_TRY(visit("uart", uart_));
    WINDSOR_TRY(visit("seabios_debug", seabios_debug_));
    WINDSOR_TRY(visit("port_e9", port_e9_));
    return visit("fw_cfg", fw_cfg_);
}

template <typename Visit> base::Status Board::visit_drive(Visit visit, unsigned slot)
{
    ide::Drive* const drive = ide_.drive(slot);
    if (auto* disk = dynamic_cast<ide::HardDisk*>(drive)) {
        return visit(drive_name(slot), *disk);
    }
    if (auto* cdrom = dynamic_cast<ide::CdRom*>(drive)) {
        return visit(drive_name(slot), *cdrom);
    }
    return {};
}

base::Status Board::save(state::StreamWriter& to)
{
    rtc_.settle();
    pit_.settle();
    i8042_.settle();
    if (power_) {
        power_->settle();
    }
    return visit([&to](const std::string& name, const auto& chip) { return to.object(name, chip.state()); });
}

// Chips put right what they could not hold: indices, counts, phases, deadlines, bits that are not there. A state in
// which there was anything to put right comes from no chip.
base::Status Board::load(state::Records& from)
{
    const base::Status loaded = visit([&from](const std::string& name, auto&& chip) -> base::Status {
        auto state = chip.state();
        WINDSOR_TRY(from.take(name, state));
        chip.load(state);
        const std::string changed = state::difference(state::pack(state), state::pack(chip.state()));
        if (!changed.empty()) {
            return base::fail("the saved state cannot be used: no chip can hold what it says of {}{}", name, changed);
        }
        return {};
    });
    drive_interrupts();
    return loaded;
}

std::vector<Board::NamedMemory> Board::saved_memory()
{
    std::vector<NamedMemory> blocks{{"ram_low", ram_.low.get()}};
    if (ram_.high) {
        blocks.push_back({"ram_high", ram_.high.get()});
    }
    blocks.push_back({"vram", &vga_->vram()});
    return blocks;
}

} // namespace windsor::machine
