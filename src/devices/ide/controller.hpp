// SPDX-License-Identifier: GPL-2.0-or-later
// The IDE half of the PIIX3 (Intel 82371SB datasheet 2.3 and 2.6): two channels and their bus master, as
// PCI function 8086:7010.
#pragma once

#include "devices/ide/channel.hpp"
#include "pci/function.hpp"

#include <array>

namespace windsor::devices::ide {

constexpr unsigned kChannels = 2;
// The compatible-mode ports, which do not move.
constexpr std::array<std::uint16_t, kChannels> kCommandPorts{0x1F0, 0x170};
constexpr std::array<std::uint16_t, kChannels> kControlPorts{0x3F6, 0x376};
constexpr unsigned kCommandPortCount = 8;
constexpr std::array<unsigned, kChannels> kInterrupts{14, 15};
// The base address register of the bus master's 16 ports.
constexpr unsigned kBusMasterBar = 4;
constexpr std::uint32_t kBusMasterPorts = 16;

// The machine claims each channel's ports at the addresses above.
class Controller final : public pci::Function {
public:
    // `primary` leads to interrupt 14, `secondary` to 15; `memory` outlives the controller.
    Controller(bus::IrqLine primary, bus::IrqLine secondary, memory::GuestMemory& memory);

    Channel& channel(unsigned index) { return channels_[index]; }
    // Drives by their usual names: 0 to 3 for hda to hdd.
    void attach(unsigned index, std::unique_ptr<Drive> drive);
    Drive* drive(unsigned index);

    bus::AccessHandler& bus_master_ports() { return bus_master_ports_; }

    // True while a request to any medium is under way; such a controller's state cannot be saved.
    bool media_busy();

protected:
    void config_written(unsigned offset, unsigned width) override;
    // Also resets the channels, since that is how a bus reset arrives; load() of the channels follows
    // that of the function.
    void config_replaced() override;

private:
    class BusMasterPorts final : public bus::AccessHandler {
    public:
        explicit BusMasterPorts(Controller& controller) : controller_{controller} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Controller& controller_;
    };

    void update_bus_master();

    std::array<Channel, kChannels> channels_;
    BusMasterPorts bus_master_ports_{*this};
};

} // namespace windsor::devices::ide
