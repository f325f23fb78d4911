// SPDX-License-Identifier: GPL-2.0-or-later
// The control endpoint: transfers of USB 2.0, 8.5.3, and the requests of 9.4 and of HID 7.2.
#include "devices/usb_hid/hid_device.hpp"

#include <algorithm>

namespace windsor::devices::usb_hid {

using backend::UsbKind;
using chipset::usb::Handshake;
using chipset::usb::Packet;
using chipset::usb::Toggle;

namespace {

constexpr unsigned kType = 0; // offsets in the setup packet, 9.3
constexpr unsigned kRequest = 1;
constexpr unsigned kValue = 2;
constexpr unsigned kLength = 6;

Bytes one(std::uint8_t byte)
{
    return {byte};
}

// GET_STATUS, 9.4.5.
Bytes status_bytes(unsigned low)
{
    return {static_cast<std::uint8_t>(low), 0};
}

} // namespace

std::uint16_t HidDevice::setup_word(unsigned at) const
{
    return static_cast<std::uint16_t>(control_.setup.at(at) | control_.setup.at(at + 1) << 8);
}

// A setup packet is taken at any time, and ends whatever transfer there was.
Handshake HidDevice::take_setup(std::span<const std::uint8_t> data)
{
    if (data.size() != chipset::usb::kSetupBytes) {
        return Handshake::None;
    }
    control_ = Control{};
    std::ranges::copy(data, control_.setup.begin());
    const std::size_t wanted = setup_word(kLength);
    if (wanted == 0) {
        control_.phase = obey({}) ? Phase::StatusIn : Phase::Stalled;
    } else if ((control_.setup[kType] & kToHost) != 0) {
        const std::optional<Bytes> bytes = answer();
        control_.phase = bytes ? Phase::DataIn : Phase::Stalled;
        if (bytes) {
            const std::size_t length = std::min({bytes->size(), wanted, control_.data.size()});
            std::copy_n(bytes->begin(), length, control_.data.begin());
            control_.length = static_cast<std::uint8_t>(length);
        }
    } else if (wanted <= control_.data.size()) {
        control_.phase = Phase::DataOut;
        control_.length = static_cast<std::uint8_t>(wanted);
    } else {
        control_.phase = Phase::Stalled;
    }
    return Handshake::Ack;
}

Handshake HidDevice::take_data(Toggle toggle, std::span<const std::uint8_t> data)
{
    switch (control_.phase) {
    case Phase::Stalled: return Handshake::Stall;
    case Phase::DataOut: break;
    case Phase::DataIn: // the status stage, which may come before all data has gone
        control_.phase = Phase::Idle;
        return Handshake::Ack;
    case Phase::Idle:
    case Phase::StatusIn: return Handshake::Ack; // a packet that was here before, 8.6.4
    }
    if (toggle != control_.toggle) {
        return Handshake::Ack;
    }
    control_.toggle = chipset::usb::other(control_.toggle);
    const std::size_t room = std::size_t{control_.length} - control_.position;
    const std::size_t taken = std::min(data.size(), room);
    std::copy_n(data.begin(), taken, control_.data.begin() + control_.position);
    control_.position = static_cast<std::uint8_t>(control_.position + taken);
    if (control_.position == control_.length) {
        const bool done = obey(std::span{control_.data}.first(control_.length));
        control_.phase = done ? Phase::StatusIn : Phase::Stalled;
    }
    return Handshake::Ack;
}

Packet HidDevice::give_control() const
{
    Packet packet{.handshake = Handshake::Ack, .toggle = Toggle::Data1};
    switch (control_.phase) {
    case Phase::StatusIn: return packet;
    case Phase::DataIn: {
        const std::size_t rest = std::size_t{control_.length} - control_.position;
        packet.toggle = control_.toggle;
        packet.size = std::min(rest, kPacketSize);
        std::copy_n(control_.data.begin() + control_.position, packet.size, packet.data.begin());
        return packet;
    }
    case Phase::Idle:
    case Phase::DataOut:
    case Phase::Stalled: break;
    }
    return {.handshake = Handshake::Stall};
}

void HidDevice::acknowledged_control()
{
    if (control_.phase == Phase::DataIn) {
        const std::size_t rest = std::size_t{control_.length} - control_.position;
        control_.position = static_cast<std::uint8_t>(control_.position + std::min(rest, kPacketSize));
        control_.toggle = chipset::usb::other(control_.toggle);
        return;
    }
    if (control_.phase != Phase::StatusIn) {
        return;
    }
    control_.phase = Phase::Idle;
    // 9.4.6: the address changes after the status stage.
    if (control_.setup[kType] == request_type::kDevice && control_.setup[kRequest] == request::kSetAddress) {
        settings_.address = static_cast<std::uint8_t>(setup_word(kValue));
    }
}

// What a request to the host gives; none if the device does not know it.
std::optional<Bytes> HidDevice::answer() const
{
    const std::uint8_t request = control_.setup[kRequest];
    const auto type = static_cast<std::uint8_t>(setup_word(kValue) >> 8);
    const auto index = static_cast<std::uint8_t>(setup_word(kValue));
    switch (control_.setup[kType] & ~kToHost) {
    case request_type::kDevice:
        switch (request) {
        case request::kGetStatus: return status_bytes(settings_.remote_wakeup ? 2 : 0);
        case request::kGetDescriptor: return device_descriptor_of(kind_, type, index);
        case request::kGetConfiguration: return one(settings_.configuration);
        default: return std::nullopt;
        }
    case request_type::kInterface:
        if (!about_interface()) {
            return std::nullopt;
        }
        switch (request) {
        case request::kGetStatus: return status_bytes(0);
        case request::kGetDescriptor: return interface_descriptor_of(kind_, type);
        case request::kGetInterface: return one(0);
        default: return std::nullopt;
        }
    case request_type::kEndpoint:
        if (request != request::kGetStatus || (setup_word(4) != kControlEndpoint && !about_input_endpoint())) {
            return std::nullopt;
        }
        return status_bytes(about_input_endpoint() && settings_.halted ? 1 : 0);
    case request_type::kClassInterface: return answer_to_class();
    default: return std::nullopt;
    }
}

std::optional<Bytes> HidDevice::answer_to_class() const
{
    if (!about_interface()) {
        return std::nullopt;
    }
    switch (control_.setup[kRequest]) {
    case hid_request::kGetReport:
        switch (setup_word(kValue) >> 8) {
        case kInputReport: return input_.report(kind_, settings_.protocol);
        case kOutputReport: return kind_ == UsbKind::Keyboard ? std::optional{one(settings_.leds)} : std::nullopt;
        default: return std::nullopt;
        }
    case hid_request::kGetIdle: return one(settings_.idle);
    case hid_request::kGetProtocol: return one(static_cast<std::uint8_t>(settings_.protocol));
    default: return std::nullopt;
    }
}

// Does what a request without data, or with data from the host, asks for. False if the device does not know it.
bool HidDevice::obey(std::span<const std::uint8_t> data)
{
    const std::uint16_t value = setup_word(kValue);
    switch (control_.setup[kType]) {
    case request_type::kDevice:
        switch (control_.setup[kRequest]) {
        case request::kSetAddress: return value <= kMostAddress;
        case request::kSetConfiguration: return configure(value);
        case request::kClearFeature:
        case request::kSetFeature:
            if (value != feature::kRemoteWakeup) {
                return false;
            }
            settings_.remote_wakeup = control_.setup[kRequest] == request::kSetFeature;
            return true;
        default: return false;
        }
    case request_type::kInterface:
        return control_.setup[kRequest] == request::kSetInterface && value == 0 && about_interface();
    case request_type::kEndpoint: return obey_for_endpoint();
    case request_type::kClassInterface: return about_interface() && obey_class(data);
    default: return false;
    }
}

bool HidDevice::obey_for_endpoint()
{
    const std::uint8_t request = control_.setup[kRequest];
    if (setup_word(kValue) != feature::kEndpointHalt ||
        (request != request::kSetFeature && request != request::kClearFeature)) {
        return false;
    }
    if (!about_input_endpoint()) {
        return setup_word(4) == kControlEndpoint; // which is never halted for longer than a transfer
    }
    settings_.halted = request == request::kSetFeature;
    if (!settings_.halted) {
        settings_.toggle = Toggle::Data0; // 9.4.5
    }
    return true;
}

bool HidDevice::obey_class(std::span<const std::uint8_t> data)
{
    const std::uint16_t value = setup_word(kValue);
    switch (control_.setup[kRequest]) {
    case hid_request::kSetIdle: settings_.idle = static_cast<std::uint8_t>(value >> 8); return true;
    case hid_request::kSetProtocol:
        if (value > 1) {
            return false;
        }
        settings_.protocol = static_cast<Protocol>(value);
        return true;
    case hid_request::kSetReport:
        if (kind_ != UsbKind::Keyboard || value >> 8 != kOutputReport || data.size() < kKeyboardOutput) {
            return false;
        }
        settings_.leds = data[0] & kLedBits;
        return true;
    default: return false;
    }
}

// 9.4.7: the endpoints begin anew.
bool HidDevice::configure(std::uint16_t number)
{
    if (number > kConfiguration) {
        return false;
    }
    settings_.configuration = static_cast<std::uint8_t>(number);
    settings_.halted = settings_.polled = false;
    settings_.toggle = Toggle::Data0;
    settings_.protocol = Protocol::Report;
    input_.forget();
    return true;
}

} // namespace windsor::devices::usb_hid
