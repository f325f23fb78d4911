// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/board.hpp"

#include <algorithm>

namespace windsor::machine {

Board::Board(const Parts& parts, unsigned processors)
    : host_{parts.host}, ports_{"port", parts.log}, mmio_{"mmio", parts.log},
      interrupts_{processors, parts.log, parts.clock, parts.timers, parts.host},
      backplane_{.log = parts.log,
                 .clock = parts.clock,
                 .timers = parts.timers,
                 .mainboard = *this,
                 .memory = memory_,
                 .ports = ports_,
                 .mmio = mmio_,
                 .isa_interrupts = interrupts_.isa(),
                 .pci_bus = pci_bus_,
                 .pci_interrupts = interrupts_.pci(),
                 .pci_layer = kDeviceLayer,
                 .outlets = outlets_}
{
}

Board::~Board() = default;

base::Result<std::unique_ptr<Board>> Board::create(const Parts& parts, std::uint64_t memory, unsigned processors)
{
    std::unique_ptr<Board> board{new Board{parts, processors}};
    board->ram_ = WINDSOR_TRY(Ram::create(memory, board->memory_));
    return board;
}

void Board::install_firmware(Rom rom)
{
    firmware_ = std::move(rom);
    firmware_.map_below_4g(memory_);
}

base::Status Board::plug(std::span<const chipset::Slot> slots)
{
    for (const chipset::Slot& slot : slots) {
        chipset::Site site{backplane_, slot.place, slot.path};
        auto device = WINDSOR_TRY(slot.make(site));
        devices_.push_back({slot.path, std::move(device), site.take_claims()});
    }
    return {};
}

void Board::interrupt_taken()
{
    for (chipset::TickSource* const source : outlets_.ticks) {
        source->interrupt_taken();
    }
}

void Board::reset()
{
    for (const Plugged& plugged : devices_) {
        plugged.device->reset();
    }
}

bool Board::busy()
{
    return std::ranges::any_of(devices_, [this](const Plugged& plugged) {
        host_.lock().assert_held();
        return plugged.device->busy();
    });
}

base::Status Board::save(state::StreamWriter& to)
{
    for (const Plugged& plugged : devices_) {
        if (const auto reason = plugged.device->not_saveable()) {
            return base::fail("{} cannot be saved: {}", plugged.path, *reason);
        }
    }
    for (const Plugged& plugged : devices_) {
        plugged.device->settle();
    }
    for (const Plugged& plugged : devices_) {
        chipset::Saver saver{to, plugged.path};
        WINDSOR_TRY(plugged.device->save(saver));
    }
    return {};
}

base::Status Board::load(state::Records& from)
{
    base::Status loaded;
    for (const Plugged& plugged : devices_) {
        chipset::Loader loader{from, plugged.path};
        loaded = plugged.device->load(loader);
        if (!loaded) {
            break;
        }
    }
    interrupts_.drive();
    return loaded;
}

std::vector<NamedMemory> Board::saved_memory()
{
    std::vector<NamedMemory> blocks{{"ram_low", ram_.low.get()}};
    if (ram_.high) {
        blocks.push_back({"ram_high", ram_.high.get()});
    }
    for (const Plugged& plugged : devices_) {
        for (const auto& [part, block] : plugged.device->memory()) {
            blocks.push_back({chipset::record_name(plugged.path, part), block});
        }
    }
    return blocks;
}

std::vector<std::string> Board::devices() const
{
    std::vector<std::string> paths;
    std::ranges::transform(devices_, std::back_inserter(paths), &Plugged::path);
    return paths;
}

void Board::release_world()
{
    for (const Plugged& plugged : devices_) {
        plugged.device->release_world();
    }
}

void Board::init_processors()
{
    host_.lock().assert_held();
    constexpr std::uint8_t kShutdownCode = 0x0f; // IBM PC AT technical reference, "CMOS RAM address map"
    if (outlets_.cmos.empty() || outlets_.cmos.front()->cmos(kShutdownCode) == 0) {
        host_.request(Event::Reset);
        return;
    }
    for (chipset::AddressLine20* const line : outlets_.a20) {
        line->set(true); // or the reset vector would not lead to the BIOS
    }
    interrupts_.init_processors();
}

void Board::reset_machine()
{
    host_.lock().assert_held();
    host_.request(Event::Reset);
}

void Board::power_off()
{
    host_.lock().assert_held();
    host_.request(Event::PowerOff);
}

void Board::set_a20(bool open)
{
    host_.lock().assert_held();
    host_.set_a20(open);
}

chipset::TickState Board::timer_tick()
{
    host_.lock().assert_held();
    return interrupts_.timer_tick();
}

} // namespace windsor::machine
