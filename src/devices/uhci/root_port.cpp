// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/uhci/root_port.hpp"

namespace windsor::devices::uhci {

std::uint16_t RootPort::read() const
{
    const bool idle = is(port::kConnected) && !is(port::kReset) && !is(port::kResume);
    return static_cast<std::uint16_t>(control_ | port::kAlwaysOne | (idle ? port::kDataPlus : 0));
}

void RootPort::write(std::uint16_t value, std::uint16_t mask)
{
    const std::uint16_t before = control_;
    clear(value & mask & port::kClearByOne);
    clear(mask & port::kWritable);
    set(value & mask & port::kWritable);
    if (is(port::kReset) && (before & port::kReset) == 0 && device_ != nullptr) {
        device_->bus_reset();
    }
    if (!is(port::kConnected) || is(port::kReset)) {
        clear(port::kEnabled | port::kSuspend | port::kResume);
    }
    // The end of the resume signal is the end of the suspension.
    if ((before & port::kResume) != 0 && !is(port::kResume)) {
        clear(port::kSuspend);
    }
}

chipset::usb::Device* RootPort::listener(std::uint8_t address) const
{
    const bool open = is(port::kConnected) && is(port::kEnabled) && !is(port::kSuspend);
    return open && device_ != nullptr && device_->address() == address ? device_ : nullptr;
}

void RootPort::begin_global_reset()
{
    control_ = 0;
    if (device_ != nullptr) {
        device_->bus_reset();
    }
}

void RootPort::reset()
{
    begin_global_reset();
    if (device_ != nullptr) {
        set(port::kConnected | port::kConnectChange);
    }
}

void RootPort::host_reset()
{
    if (is(port::kConnected)) {
        set(port::kConnectChange);
    }
    if (is(port::kEnabled)) {
        set(port::kEnableChange);
    }
    clear(port::kEnabled | port::kSuspend | port::kResume | port::kReset);
}

void RootPort::connect(chipset::usb::Device& device)
{
    if (device_ != nullptr) {
        disconnect();
    }
    device_ = &device;
    device_->bus_reset();
    set(port::kConnected | port::kConnectChange);
    news_(PortNews::Resume);
}

void RootPort::disconnect()
{
    if (device_ == nullptr) {
        return;
    }
    device_ = nullptr;
    if (is(port::kEnabled)) {
        set(port::kEnableChange);
    }
    clear(port::kConnected | port::kEnabled | port::kSuspend | port::kResume | port::kReset);
    set(port::kConnectChange);
    news_(PortNews::Resume);
}

void RootPort::restore(chipset::usb::Device* device)
{
    device_ = device;
    if (device_ == nullptr) {
        clear(port::kConnected | port::kEnabled | port::kSuspend | port::kResume);
    }
}

void RootPort::ready(chipset::usb::RemoteWakeup wakeup)
{
    if (wakeup == chipset::usb::RemoteWakeup::Disabled) {
        news_(PortNews::Ready);
        return;
    }
    if (is(port::kSuspend)) {
        set(port::kResume);
    }
    news_(PortNews::Resume);
}

// There is no port that is enabled, or suspended, without a device.
void RootPort::load(std::uint16_t control)
{
    control_ = control & port::kKept;
    if (!is(port::kConnected) || is(port::kReset)) {
        clear(port::kEnabled | port::kSuspend | port::kResume);
    }
}

} // namespace windsor::devices::uhci
