// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/i8042.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::i8042 {

namespace {

constexpr std::uint8_t kBreakPrefix = 0xf0;
constexpr std::uint8_t kSet1Break = 0x80;

} // namespace

I8042::I8042(const base::Clock& clock, base::TimerQueue& timers, A20Gate& a20, Options options)
    : clock_{clock}, a20_{a20}, options_{std::move(options)}, timer_{timers.make([this](base::Nanoseconds) { pump(); })}
{
}

void I8042::key(backend::KeyCode code, bool pressed)
{
    keyboard_.key(code, pressed);
    pump();
}

void I8042::move(int dx, int dy, int wheel, std::uint8_t buttons)
{
    mouse_.move(dx, dy, wheel, buttons);
    pump();
}

void I8042::fill(std::uint8_t value, bool aux, bool from_device)
{
    state_.output = value;
    state_.output_aux = aux;
    state_.output_full = true;
    state_.from_device = from_device;
}

bool I8042::fill_from_keyboard()
{
    while (keyboard_.has_byte()) {
        const std::uint8_t byte = keyboard_.take();
        if (!command_bit(command_byte::kTranslate)) {
            fill(byte, false, true);
            return true;
        }
        if (byte == kBreakPrefix) {
            state_.break_prefix = true;
            continue;
        }
        const std::uint8_t code = translate(byte);
        const bool release = std::exchange(state_.break_prefix, false);
        fill(static_cast<std::uint8_t>(code | (release ? kSet1Break : 0)), false, true);
        return true;
    }
    return false;
}

void I8042::pump()
{
    const base::Nanoseconds now = clock_.now();
    const bool mouse_enabled = !command_bit(command_byte::kDisableAux);
    const bool keyboard = !command_bit(command_byte::kDisableKeyboard) && keyboard_.has_byte();
    const bool mouse = mouse_enabled && mouse_.has_byte(now);
    if (!state_.output_full) {
        if (!state_.replies.empty()) {
            const Output reply = state_.replies.pop();
            fill(reply.value, reply.aux, false);
        } else if ((keyboard || mouse) && now < state_.device_ready) {
            timer_.arm(state_.device_ready);
        } else if (!(keyboard && fill_from_keyboard()) && mouse) {
            fill(mouse_.take(now), true, true);
        }
        if (!state_.output_full && !mouse && mouse_enabled && mouse_.waits_for_sample() && !timer_.armed()) {
            timer_.arm(mouse_.next_packet());
        }
    }
    update_irqs();
}

void I8042::update_irqs()
{
    const bool keyboard = state_.output_full && !state_.output_aux;
    const bool aux = state_.output_full && state_.output_aux;
    options_.irq1.set_level(keyboard && command_bit(command_byte::kKeyboardInterrupt));
    options_.irq12.set_level(aux && command_bit(command_byte::kAuxInterrupt));
}

std::uint8_t I8042::read_data()
{
    const std::uint8_t value = state_.output; // an empty buffer gives its last byte again
    if (state_.output_full) {
        state_.output_full = false;
        if (state_.from_device) {
            state_.device_ready = clock_.now() + kByteGap;
        }
        update_irqs(); // both lines fall before the next byte raises one
        pump();
    }
    return value;
}

std::uint8_t I8042::read_status() const
{
    return static_cast<std::uint8_t>(status::kNotLocked | (state_.output_full ? status::kOutputFull : 0u) |
                                     (state_.output_full && state_.output_aux ? status::kAuxOutput : 0u) |
                                     (state_.system_flag ? status::kSystemFlag : 0u) |
                                     (state_.last_was_command ? status::kCommand : 0u));
}

void I8042::set_command_bit(std::uint8_t bit, bool value)
{
    command_byte() = static_cast<std::uint8_t>(value ? command_byte() | bit : command_byte() & ~bit);
}

std::uint8_t I8042::output_port() const
{
    const bool aux = state_.output_full && state_.output_aux;
    const bool keyboard = state_.output_full && !state_.output_aux;
    return static_cast<std::uint8_t>(output_port::kLinesHigh | output_port::kNotReset |
                                     (a20_.enabled() ? output_port::kA20 : 0u) |
                                     (keyboard ? output_port::kKeyboardFull : 0u) | (aux ? output_port::kAuxFull : 0u));
}

void I8042::request_reset()
{
    if (options_.system_reset) {
        options_.system_reset();
    }
}

void I8042::write_output_port(std::uint8_t value)
{
    a20_.set((value & output_port::kA20) != 0);
    if ((value & output_port::kNotReset) == 0) {
        request_reset();
    }
}

void I8042::write_ram(std::size_t index, std::uint8_t value)
{
    state_.ram[index % kRamSize] = value;
    if (index == 0) {
        state_.system_flag = (value & command_byte::kSystemFlag) != 0;
    }
}

void I8042::write_data(std::uint8_t value)
{
    state_.last_was_command = false;
    if (const std::uint8_t command = std::exchange(state_.awaiting, std::uint8_t{0}); command != 0) {
        write_parameter(command, value);
    } else {
        // Sending to the keyboard turns its clock on again.
        set_command_bit(command_byte::kDisableKeyboard, false);
        keyboard_.write(value);
    }
    pump();
}

void I8042::write_parameter(std::uint8_t command, std::uint8_t value)
{
    switch (static_cast<Command>(command)) {
    case Command::WriteOutputPort:
        write_output_port(value);
        break;
    case Command::WriteKeyboardOutput:
        reply(value);
        break;
    case Command::WriteAuxOutput:
        reply(value, true);
        break;
    case Command::WriteAux:
        set_command_bit(command_byte::kDisableAux, false);
        mouse_.write(value);
        break;
    default:
        write_ram(command % kRamSize, value);
    }
}

void I8042::write_command(std::uint8_t value)
{
    state_.last_was_command = true;
    state_.awaiting = 0;
    const auto command = static_cast<Command>(value);
    if (command >= Command::PulseOutputPort) {
        if ((value & output_port::kNotReset) == 0) {
            request_reset();
        }
        return;
    }
    if ((value & 0xe0) == static_cast<std::uint8_t>(Command::ReadRam)) {
        reply(state_.ram[value % kRamSize]);
    } else if ((value & 0xe0) == static_cast<std::uint8_t>(Command::WriteRam)) {
        state_.awaiting = value;
    }
    switch (command) {
    case Command::WriteOutputPort:
    case Command::WriteKeyboardOutput:
    case Command::WriteAuxOutput:
    case Command::WriteAux:
        state_.awaiting = value;
        break;
    case Command::DisableAux:
    case Command::EnableAux:
        set_command_bit(command_byte::kDisableAux, command == Command::DisableAux);
        break;
    case Command::DisableKeyboard:
    case Command::EnableKeyboard:
        set_command_bit(command_byte::kDisableKeyboard, command == Command::DisableKeyboard);
        break;
    case Command::SelfTest:
        write_ram(0, command_byte() | command_byte::kSystemFlag);
        reply(kSelfTestPassed);
        break;
    case Command::TestPassword:
        reply(kNoPassword);
        break;
    case Command::TestAux:
    case Command::TestKeyboard:
    case Command::ReadTestInputs:
        reply(kInterfaceGood);
        break;
    case Command::ReadInputPort:
        reply(kInputPort);
        break;
    case Command::ReadOutputPort:
        reply(output_port());
        break;
    case Command::DisableA20:
    case Command::EnableA20:
        a20_.set(command == Command::EnableA20);
        break;
    default:
        break; // the others do nothing here
    }
    pump();
}

void I8042::reset()
{
    state_ = ControllerState{};
    keyboard_.power_on();
    mouse_.power_on();
    timer_.disarm();
    a20_.set(true);
    update_irqs();
}

I8042::State I8042::state() const
{
    return {.controller = state_, .keyboard = keyboard_.state(), .mouse = mouse_.state()};
}

void I8042::load(const State& state)
{
    state_ = state.controller;
    state_.device_ready = std::min(state_.device_ready, clock_.now() + kByteGap);
    keyboard_.load(state.keyboard);
    Ps2Mouse::State mouse = state.mouse;
    mouse.next_packet = std::min(mouse.next_packet, clock_.now() + Ps2Mouse::kLongestInterval);
    mouse_.load(mouse);
    options_.irq1.restore_level(state_.output_full && !state_.output_aux &&
                                command_bit(command_byte::kKeyboardInterrupt));
    options_.irq12.restore_level(state_.output_full && state_.output_aux && command_bit(command_byte::kAuxInterrupt));
    pump();
}

bus::ReadResult I8042::DataPort::read(std::uint64_t, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return std::uint64_t{controller_.read_data()};
}

bus::AccessStatus I8042::DataPort::write(std::uint64_t, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    controller_.write_data(static_cast<std::uint8_t>(value));
    return bus::AccessStatus::Ok;
}

bus::ReadResult I8042::CommandPort::read(std::uint64_t, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return std::uint64_t{controller_.read_status()};
}

bus::AccessStatus I8042::CommandPort::write(std::uint64_t, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    controller_.write_command(static_cast<std::uint8_t>(value));
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::i8042
