// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/channel.hpp"

#include <utility>

namespace windsor::devices::ide {

Channel::Channel(bus::IrqLine irq, memory::GuestMemory& memory) : irq_{irq}, bus_master_{memory} {}

void Channel::attach(unsigned position, std::unique_ptr<Drive> drive)
{
    drives_[position] = std::move(drive);
    if (drives_[position] != nullptr) {
        drives_[position]->connect(*this);
    }
}

void Channel::reset()
{
    state_ = {};
    bus_master_.reset();
    for (const auto& drive : drives_) {
        if (drive != nullptr) {
            drive->reset(ResetKind::Hardware);
        }
    }
    interrupt_changed();
}

void Channel::load(const State& state, const BusMaster::State& bus_master)
{
    state_ = state;
    state_.selected %= kDrivesPerChannel;
    bus_master_.load(bus_master);
    irq_.restore_level(interrupt_level());
}

bool Channel::interrupt_level()
{
    const Drive* const drive = selected();
    return drive != nullptr && drive->interrupt() && (state_.control & control::kNien) == 0;
}

void Channel::interrupt_changed()
{
    const bool level = interrupt_level();
    if (level && !irq_.level()) {
        bus_master_.interrupt_raised();
    }
    irq_.set_level(level);
}

void Channel::write_bus_master(unsigned offset, std::uint8_t value)
{
    if (!bus_master_.write(offset, value)) {
        return;
    }
    for (const auto& drive : drives_) {
        if (drive != nullptr) {
            drive->dma_started();
        }
    }
}

void Channel::enable_bus_master(bool enabled)
{
    bus_master_.enable(enabled);
}

// Where no drive answers, the bus reads as zero: BSY must read as clear (ATA/ATAPI-7 volume 2, 5.2.5 has
// hosts pull DD7 down), and so does a missing device 1 for which device 0 answers (9.16).
std::uint8_t Channel::read_register(Register reg)
{
    Drive* const drive = selected();
    if (drive != nullptr) {
        const std::uint8_t value = drive->read_register(reg, (state_.control & control::kHob) != 0);
        if (reg == Register::StatusCommand) {
            drive->acknowledge_interrupt();
        }
        return value;
    }
    const Drive* const other = drives_[1 - state_.selected].get();
    return reg == Register::Device && other != nullptr ? other->read_register(reg, false) : std::uint8_t{0};
}

void Channel::write_register(Register reg, std::uint8_t value)
{
    state_.control = static_cast<std::uint8_t>(state_.control & ~control::kHob);
    if (reg == Register::StatusCommand) {
        write_command(value);
        return;
    }
    Drive* const drive = selected();
    if (drive != nullptr && (drive->status() & (status::kBsy | status::kDrq)) != 0) {
        return;
    }
    // Both drives listen to the command block (ATA/ATAPI-7 volume 2, 5.2).
    for (const auto& listener : drives_) {
        if (listener != nullptr) {
            listener->write_register(reg, value);
        }
    }
    if (reg == Register::Device) {
        state_.selected = (value & device_bits::kDev) != 0 ? 1 : 0;
        interrupt_changed();
    }
}

void Channel::write_command(std::uint8_t command)
{
    Drive* const drive = selected();
    if (command != static_cast<std::uint8_t>(Command::ExecuteDeviceDiagnostic)) {
        if (drive != nullptr) {
            drive->write_command(command);
        }
        return;
    }
    if (drive != nullptr && (drive->status() & (status::kBsy | status::kDrq)) != 0) {
        return;
    }
    state_.selected = 0;
    for (const auto& each : drives_) {
        if (each != nullptr) {
            each->diagnose(each == drives_[0]);
        }
    }
    interrupt_changed();
}

void Channel::write_control(std::uint8_t value)
{
    const bool was_held = (state_.control & control::kSrst) != 0;
    const bool held = (value & control::kSrst) != 0;
    state_.control = static_cast<std::uint8_t>(value & (control::kHob | control::kSrst | control::kNien));
    if (held != was_held) {
        state_.selected = 0;
        for (const auto& drive : drives_) {
            if (drive == nullptr) {
                continue;
            }
            if (held) {
                drive->hold_in_reset();
            } else {
                drive->reset(ResetKind::Software);
            }
        }
    }
    interrupt_changed();
}

std::uint64_t Channel::read_data(bus::Width width)
{
    Drive* const drive = selected();
    if (drive == nullptr) {
        return bus::all_ones(width);
    }
    std::uint64_t value = drive->read_data();
    if (width == bus::Width::Dword) {
        value |= std::uint64_t{drive->read_data()} << 16;
    }
    return value;
}

void Channel::write_data(bus::Width width, std::uint64_t value)
{
    Drive* const drive = selected();
    if (drive == nullptr) {
        return;
    }
    drive->write_data(static_cast<std::uint16_t>(value));
    if (width == bus::Width::Dword) {
        drive->write_data(static_cast<std::uint16_t>(value >> 16));
    }
}

bus::ReadResult Channel::CommandPorts::read(std::uint64_t offset, bus::Width width)
{
    if (offset == 0 && width != bus::Width::Qword) {
        return channel_.read_data(width);
    }
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return std::uint64_t{channel_.read_register(static_cast<Register>(offset & 7))};
}

bus::AccessStatus Channel::CommandPorts::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (offset == 0 && width != bus::Width::Qword) {
        channel_.write_data(width, value);
        return bus::AccessStatus::Ok;
    }
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    channel_.write_register(static_cast<Register>(offset & 7), static_cast<std::uint8_t>(value));
    return bus::AccessStatus::Ok;
}

Drive* Channel::CommandPorts::run_drive(std::uint64_t offset, bus::Width width)
{
    const bool words = width == bus::Width::Word || width == bus::Width::Dword;
    return offset == 0 && words ? channel_.selected() : nullptr;
}

bool Channel::CommandPorts::read_run(std::uint64_t offset, bus::Width width, std::span<std::uint8_t> data)
{
    Drive* const drive = run_drive(offset, width);
    if (drive != nullptr) {
        drive->read_data_run(data);
    }
    return drive != nullptr;
}

bool Channel::CommandPorts::write_run(std::uint64_t offset, bus::Width width, std::span<const std::uint8_t> data)
{
    Drive* const drive = run_drive(offset, width);
    if (drive != nullptr) {
        drive->write_data_run(data);
    }
    return drive != nullptr;
}

// Alternate status: like status, but the interrupt stays.
bus::ReadResult Channel::ControlPort::read(std::uint64_t /*offset*/, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const Drive* const drive = channel_.selected();
    return std::uint64_t{drive != nullptr ? drive->status() : std::uint8_t{0}};
}

bus::AccessStatus Channel::ControlPort::write(std::uint64_t /*offset*/, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    channel_.write_control(static_cast<std::uint8_t>(value));
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::ide
