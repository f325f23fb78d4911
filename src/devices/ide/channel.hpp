// SPDX-License-Identifier: GPL-2.0-or-later
// One ATA cable: two drives, one interrupt, one half of the bus master.
#pragma once

#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "devices/ide/bus_master.hpp"
#include "devices/ide/drive.hpp"

#include <array>
#include <memory>

namespace windsor::devices::ide {

constexpr unsigned kDrivesPerChannel = 2;

class Channel final : public DriveHost {
public:
    struct State {
        std::uint8_t control{0}; // device control register: HOB, SRST, nIEN
        unsigned selected{0};
    };

    // `memory` outlives the channel.
    Channel(bus::IrqLine irq, memory::GuestMemory& memory);
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // Plugs a drive in as device 0 or 1, before the guest runs.
    void attach(unsigned position, std::unique_ptr<Drive> drive);
    // Null if there is none.
    Drive* drive(unsigned position) { return drives_[position].get(); }

    // For the eight ports from 1F0h or 170h.
    bus::AccessHandler& command_ports() { return command_ports_; }
    // For the one port 3F6h or 376h.
    bus::AccessHandler& control_port() { return control_port_; }

    // Bytes 0 to 7 of the channel's bus master block.
    std::uint8_t read_bus_master(unsigned offset) const { return bus_master_.read(offset); }
    void write_bus_master(unsigned offset, std::uint8_t value);
    void enable_bus_master(bool enabled);

    // As at power-on.
    void reset();

    void interrupt_changed() override;
    DmaEngine& dma() override { return bus_master_; }

    const State& state() const { return state_; }
    const BusMaster::State& bus_master_state() const { return bus_master_.state(); }
    // Takes over saved state, after the drives took theirs; makes no edge.
    void load(const State& state, const BusMaster::State& bus_master);

private:
    class CommandPorts final : public bus::AccessHandler {
    public:
        explicit CommandPorts(Channel& channel) : channel_{channel} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;
        bool read_run(std::uint64_t offset, bus::Width width, std::span<std::uint8_t> data) override;
        bool write_run(std::uint64_t offset, bus::Width width, std::span<const std::uint8_t> data) override;

    private:
        // The drive whose data port takes runs of that width; null if it must go one by one.
        Drive* run_drive(std::uint64_t offset, bus::Width width);

        Channel& channel_;
    };

    class ControlPort final : public bus::AccessHandler {
    public:
        explicit ControlPort(Channel& channel) : channel_{channel} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Channel& channel_;
    };

    Drive* selected() { return drives_[state_.selected].get(); }
    std::uint64_t read_data(bus::Width width);
    void write_data(bus::Width width, std::uint64_t value);
    std::uint8_t read_register(Register reg);
    void write_register(Register reg, std::uint8_t value);
    void write_command(std::uint8_t command);
    void write_control(std::uint8_t value);
    bool interrupt_level();

    bus::IrqLine irq_;
    BusMaster bus_master_;
    std::array<std::unique_ptr<Drive>, kDrivesPerChannel> drives_;
    State state_;
    CommandPorts command_ports_{*this};
    ControlPort control_port_{*this};
};

} // namespace windsor::devices::ide
