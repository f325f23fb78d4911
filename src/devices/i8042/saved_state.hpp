// SPDX-License-Identifier: GPL-2.0-or-later
// The keyboard controller, keyboard, mouse and A20 gate in a saved state.
#pragma once

#include "devices/i8042/i8042.hpp"
#include "devices/i8042/system_control_port_a.hpp"

namespace windsor::devices::i8042 {

template <typename Archive> void describe(Archive& archive, I8042::Output& output)
{
    archive.field("value", output.value);
    archive.field("aux", output.aux);
}

template <typename Archive> void describe(Archive& archive, I8042::ControllerState& controller)
{
    archive.field("ram", controller.ram);
    archive.field("replies", controller.replies);
    archive.field("output", controller.output);
    archive.field("output_full", controller.output_full);
    archive.field("output_aux", controller.output_aux);
    archive.field("from_device", controller.from_device);
    archive.field("system_flag", controller.system_flag);
    archive.field("last_was_command", controller.last_was_command);
    archive.field("break_prefix", controller.break_prefix);
    archive.field("awaiting", controller.awaiting);
    archive.field("device_ready", controller.device_ready);
}

template <typename Archive> void describe(Archive& archive, Ps2Keyboard::State& keyboard)
{
    archive.field("scans", keyboard.scans);
    archive.field("replies", keyboard.replies);
    archive.field("held", keyboard.held);
    archive.field("held_count", keyboard.held_count);
    archive.field("no_break", keyboard.no_break);
    archive.choice("print_screen", keyboard.print_screen, Ps2Keyboard::PrintScreen::SysRq);
    archive.field("scan_set", keyboard.scan_set);
    archive.field("leds", keyboard.leds);
    archive.field("typematic", keyboard.typematic);
    archive.field("scanning", keyboard.scanning);
    archive.field("awaiting", keyboard.awaiting);
    archive.field("last_sent", keyboard.last_sent);
}

template <typename Archive> void describe(Archive& archive, Ps2Mouse::Sample& sample)
{
    archive.field("dx", sample.dx);
    archive.field("dy", sample.dy);
    archive.field("wheel", sample.wheel);
    archive.field("buttons", sample.buttons);
}

template <typename Archive> void describe(Archive& archive, Ps2Mouse::State& mouse)
{
    archive.field("replies", mouse.replies);
    archive.field("packet", mouse.packet);
    archive.field("samples", mouse.samples);
    archive.choice("type", mouse.type, MouseType::FiveButtons);
    archive.field("last_rates", mouse.last_rates);
    archive.field("rate", mouse.rate);
    archive.field("resolution", mouse.resolution);
    archive.field("buttons", mouse.buttons);
    archive.field("reporting", mouse.reporting);
    archive.field("remote", mouse.remote);
    archive.field("wrap", mouse.wrap);
    archive.field("scaling21", mouse.scaling21);
    archive.field("awaiting", mouse.awaiting);
    archive.field("last_sent", mouse.last_sent);
    archive.field("next_packet", mouse.next_packet);
}

template <typename Archive> void describe(Archive& archive, I8042::State& state)
{
    archive.field("controller", state.controller);
    archive.field("keyboard", state.keyboard);
    archive.field("mouse", state.mouse);
}

template <typename Archive> void describe(Archive& archive, SystemControlPortA::State& port)
{
    archive.field("written", port.written);
}

template <typename Archive> void describe(Archive& archive, A20Gate::State& gate)
{
    archive.field("enabled", gate.enabled);
}

} // namespace windsor::devices::i8042
