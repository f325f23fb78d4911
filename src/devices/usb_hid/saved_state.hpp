// SPDX-License-Identifier: GPL-2.0-or-later
// USB input devices in a saved state.
#pragma once

#include "devices/usb_hid/hid_device.hpp"
#include "state/archive.hpp"

namespace windsor::devices::usb_hid {

template <typename Archive> void describe(Archive& archive, Input::Sample& sample)
{
    archive.field("dx", sample.dx);
    archive.field("dy", sample.dy);
    archive.field("wheel", sample.wheel);
    archive.field("x", sample.x);
    archive.field("y", sample.y);
    archive.field("buttons", sample.buttons);
}

template <typename Archive> void describe(Archive& archive, Input::KeyChange& change)
{
    archive.field("usage", change.usage);
    archive.field("pressed", change.pressed);
}

template <typename Archive> void describe(Archive& archive, Input::State& input)
{
    archive.field("samples", input.samples);
    archive.field("last", input.last);
    archive.field("changes", input.changes);
    archive.field("pressed", input.pressed);
    archive.field("told", input.told);
}

template <typename Archive> void describe(Archive& archive, HidDevice::Settings& settings)
{
    archive.field("address", settings.address);
    archive.field("configuration", settings.configuration);
    archive.choice("protocol", settings.protocol, Protocol::Report);
    archive.field("idle", settings.idle);
    archive.field("leds", settings.leds);
    archive.field("remote_wakeup", settings.remote_wakeup);
    archive.field("halted", settings.halted);
    archive.choice("toggle", settings.toggle, chipset::usb::Toggle::Data1);
    archive.field("polled", settings.polled);
    archive.field("polled_at", settings.polled_at);
    archive.field("told_at", settings.told_at);
}

template <typename Archive> void describe(Archive& archive, HidDevice::Control& control)
{
    archive.choice("phase", control.phase, HidDevice::Phase::Stalled);
    archive.field("setup", control.setup);
    archive.field("data", control.data);
    archive.field("length", control.length);
    archive.field("position", control.position);
    archive.choice("toggle", control.toggle, chipset::usb::Toggle::Data1);
}

template <typename Archive> void describe(Archive& archive, HidDevice::State& state)
{
    archive.choice("kind", state.kind, backend::UsbKind::Keyboard);
    archive.field("settings", state.settings);
    archive.field("control", state.control);
    archive.field("input", state.input);
}

} // namespace windsor::devices::usb_hid
