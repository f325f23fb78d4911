// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/usb_hid/hid_device.hpp"

#include <algorithm>

namespace windsor::devices::usb_hid {

using backend::UsbKind;
using chipset::usb::Handshake;
using chipset::usb::Packet;
using chipset::usb::Toggle;
using chipset::usb::Token;

namespace {

Packet packet_of(Toggle toggle, std::span<const std::uint8_t> data)
{
    Packet packet{.handshake = Handshake::Ack, .toggle = toggle, .size = std::min(data.size(), kPacketSize)};
    std::ranges::copy(data.first(packet.size), packet.data.begin());
    return packet;
}

} // namespace

void HidDevice::plug(UsbKind kind)
{
    if (kind_ != UsbKind::None) {
        port_.disconnect();
    }
    kind_ = kind;
    bus_reset();
    if (kind_ != UsbKind::None) {
        port_.connect(*this);
    }
}

bool HidDevice::in_use() const
{
    return kind_ != UsbKind::None && settings_.configuration != 0 && settings_.polled &&
           clock_.now() - settings_.polled_at <= kPatience;
}

std::uint8_t HidDevice::default_idle() const
{
    return kind_ == UsbKind::Keyboard ? kKeyboardIdle : std::uint8_t{0};
}

void HidDevice::bus_reset()
{
    settings_ = Settings{.idle = default_idle()};
    control_ = Control{};
    input_.forget();
}

void HidDevice::news()
{
    port_.ready(settings_.remote_wakeup ? chipset::usb::RemoteWakeup::Enabled : chipset::usb::RemoteWakeup::Disabled);
}

void HidDevice::move(int dx, int dy, int wheel, std::uint8_t buttons)
{
    if (kind_ == UsbKind::Mouse && settings_.configuration != 0) {
        input_.move(dx, dy, wheel, buttons);
        news();
    }
}

void HidDevice::move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons)
{
    if (kind_ == UsbKind::Tablet && settings_.configuration != 0) {
        input_.move_to(x, y, wheel, buttons);
        news();
    }
}

void HidDevice::key(backend::KeyCode code, bool pressed)
{
    if (kind_ == UsbKind::Keyboard && settings_.configuration != 0) {
        input_.key(code, pressed);
        news();
    }
}

Handshake HidDevice::take(unsigned endpoint, Token token, Toggle toggle, std::span<const std::uint8_t> data)
{
    if (endpoint != kControlEndpoint || data.size() > kPacketSize) {
        return Handshake::None; // no such endpoint, or a packet that it cannot hold
    }
    return token == Token::Setup ? take_setup(data) : take_data(toggle, data);
}

Packet HidDevice::give(unsigned endpoint)
{
    switch (endpoint) {
    case kControlEndpoint: return give_control();
    case kInputEndpoint: return give_report();
    default: return {};
    }
}

Packet HidDevice::give_report()
{
    if (settings_.configuration == 0) {
        return {};
    }
    if (settings_.halted) {
        return {.handshake = Handshake::Stall};
    }
    const base::Nanoseconds now = clock_.now();
    settings_.polled = true;
    settings_.polled_at = now;
    const base::Nanoseconds idle = base::Nanoseconds{settings_.idle} * kIdleMilliseconds * base::kMillisecond;
    if (!input_.waits() && (idle == 0 || now - settings_.told_at < idle)) {
        return {.handshake = Handshake::Nak};
    }
    return packet_of(settings_.toggle, input_.report(kind_, settings_.protocol));
}

void HidDevice::acknowledged(unsigned endpoint)
{
    if (endpoint == kControlEndpoint) {
        acknowledged_control();
        return;
    }
    settings_.toggle = chipset::usb::other(settings_.toggle);
    settings_.told_at = clock_.now();
    input_.take(kind_);
}

void HidDevice::load(const State& state)
{
    kind_ = state.kind;
    settings_ = state.settings;
    control_ = state.control;
    const base::Nanoseconds now = std::max(clock_.now(), base::Nanoseconds{0});
    settings_.address = std::min(settings_.address, kMostAddress);
    settings_.configuration = std::min(settings_.configuration, kConfiguration);
    settings_.leds &= kLedBits;
    settings_.polled_at = std::clamp(settings_.polled_at, base::Nanoseconds{0}, now);
    settings_.told_at = std::clamp(settings_.told_at, base::Nanoseconds{0}, now);
    control_.length = std::min(control_.length, static_cast<std::uint8_t>(control_.data.size()));
    control_.position = std::min(control_.position, control_.length);
    input_.load(state.input, kind_);
    port_.restore(kind_ == UsbKind::None ? nullptr : this);
}

} // namespace windsor::devices::usb_hid
