// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/controller.hpp"

#include "pci/platform.hpp"

#include <utility>

namespace windsor::devices::ide {

namespace {

constexpr pci::Identity kIdentity{
    .vendor = 0x8086,
    .device = 0x7010,
    .class_code = 0x010180, // IDE, compatible mode on both channels, bus master
    .subsystem_vendor = pci::kPlatformSubsystemVendor,
    .subsystem = pci::kPlatformSubsystem,
};

constexpr unsigned kTimingPrimary = 0x40; // IDETIM: 16 bits a channel
constexpr unsigned kTimingSecondary = 0x42;
constexpr unsigned kSlaveTiming = 0x44;   // SIDETIM
constexpr unsigned kUltraControl = 0x48;  // UDMACTL and UDMATIM, as the PIIX4 has them
constexpr unsigned kUltraTiming = 0x4A;

} // namespace

Controller::Controller(bus::IrqLine primary, bus::IrqLine secondary, memory::GuestMemory& memory)
    : Function{kIdentity}, channels_{Channel{primary, memory}, Channel{secondary, memory}}
{
    add_bar(kBusMasterBar, pci::BarKind::Io, kBusMasterPorts, {&bus_master_ports_, "ide bus master"});
    set_writable16(kTimingPrimary, 0xFFFF);
    set_writable16(kTimingSecondary, 0xFFFF);
    set_writable(kSlaveTiming, 0xFF);
    set_writable(kUltraControl, 0x0F);
    set_writable16(kUltraTiming, 0x3333);
    set_default16(static_cast<unsigned>(pci::Register::Status), 0x0280); // fast back-to-back, medium DEVSEL
    update_bus_master();
}

void Controller::attach(unsigned index, std::unique_ptr<Drive> drive)
{
    channels_[index / kDrivesPerChannel].attach(index % kDrivesPerChannel, std::move(drive));
}

Drive* Controller::drive(unsigned index)
{
    return channels_[index / kDrivesPerChannel].drive(index % kDrivesPerChannel);
}

bool Controller::media_busy()
{
    for (unsigned index = 0; index < kChannels * kDrivesPerChannel; ++index) {
        const Drive* const each = drive(index);
        if (each != nullptr && each->media_busy()) {
            return true;
        }
    }
    return false;
}

void Controller::update_bus_master()
{
    for (Channel& channel : channels_) {
        channel.enable_bus_master(bus_master());
    }
}

void Controller::config_written(unsigned offset, unsigned /*width*/)
{
    if (offset <= static_cast<unsigned>(pci::Register::Command) + 1) {
        update_bus_master();
    }
}

void Controller::config_replaced()
{
    for (Channel& channel : channels_) {
        channel.reset();
    }
    update_bus_master();
}

bus::ReadResult Controller::BusMasterPorts::read(std::uint64_t offset, bus::Width width)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const auto at = static_cast<unsigned>(offset) + i;
        value |= std::uint64_t{controller_.channels_[at / 8 % kChannels].read_bus_master(at % 8)} << (8 * i);
    }
    return value;
}

bus::AccessStatus Controller::BusMasterPorts::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const auto at = static_cast<unsigned>(offset) + i;
        controller_.channels_[at / 8 % kChannels].write_bus_master(at % 8, static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::ide
