// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/usb_devices.hpp"

#include <algorithm>
#include <iterator>

namespace windsor::domain {

using backend::UsbKind;

UsbKind usb_kind_named(std::string_view name)
{
    for (const UsbKind kind : {UsbKind::Tablet, UsbKind::Mouse, UsbKind::Keyboard}) {
        if (name == name_of(kind)) {
            return kind;
        }
    }
    return UsbKind::None;
}

std::string_view name_of(UsbKind kind)
{
    switch (kind) {
    case UsbKind::Tablet: return "tablet";
    case UsbKind::Mouse: return "mouse";
    case UsbKind::Keyboard: return "keyboard";
    case UsbKind::None: break;
    }
    return "";
}

std::vector<UsbKind> usb_devices(const config::DomainConfig& config)
{
    std::vector<UsbKind> devices;
    std::ranges::transform(config.usb_devices, std::back_inserter(devices), usb_kind_named);
    return devices;
}

} // namespace windsor::domain
