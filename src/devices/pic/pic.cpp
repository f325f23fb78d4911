// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pic/pic.hpp"

namespace windsor::devices::pic {

Pic::Pic(bus::IrqLine intr) : intr_{intr} {}

void Pic::set_irq(unsigned input, bool level)
{
    if (input >= 2 * kInputs || input == kCascade) {
        return;
    }
    I8259& chip = input < kInputs ? master_ : slave_;
    chip.set_line(input % kInputs, level);
    update();
}

void Pic::update()
{
    master_.set_line(kCascade, slave_.output());
    intr_.set_level(master_.output());
}

std::uint8_t Pic::acknowledge()
{
    const bool from_slave = master_.request() == kCascade;
    std::uint8_t vector = master_.acknowledge();
    if (from_slave) {
        vector = slave_.acknowledge();
    }
    update();
    return vector;
}

void Pic::reset()
{
    master_.load({.lines = master_.state().lines});
    slave_.load({.lines = slave_.state().lines});
    update();
}

Pic::State Pic::state() const
{
    return {.master = master_.state(), .slave = slave_.state()};
}

void Pic::load(const State& state)
{
    master_.load(state.master);
    slave_.load(state.slave);
    master_.set_level_inputs(state.master.level_inputs & kElcrMaster);
    slave_.set_level_inputs(state.slave.level_inputs & kElcrSlave);
    master_.set_line(kCascade, slave_.output());
    intr_.restore_level(master_.output());
}

bus::ReadResult Pic::ChipPorts::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const std::uint8_t value = chip_.read(static_cast<Register>(offset & 1));
    pic_.update(); // a poll acknowledges
    return value;
}

bus::AccessStatus Pic::ChipPorts::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    chip_.write(static_cast<Register>(offset & 1), static_cast<std::uint8_t>(value));
    pic_.update();
    return bus::AccessStatus::Ok;
}

bus::ReadResult Pic::ElcrPorts::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return std::uint64_t{(offset & 1) == 0 ? pic_.master_.level_inputs() : pic_.slave_.level_inputs()};
}

bus::AccessStatus Pic::ElcrPorts::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const bool master = (offset & 1) == 0;
    const auto inputs = static_cast<std::uint8_t>(value & (master ? kElcrMaster : kElcrSlave));
    (master ? pic_.master_ : pic_.slave_).set_level_inputs(inputs);
    pic_.update();
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::pic
