// SPDX-License-Identifier: GPL-2.0-or-later
// USB devices by their names.
#pragma once

#include "backend/usb_socket.hpp"
#include "config/domain_config.hpp"

#include <string_view>
#include <vector>

namespace windsor::domain {

// None for a name that is no device's.
backend::UsbKind usb_kind_named(std::string_view name);
// Empty for None.
std::string_view name_of(backend::UsbKind kind);

// Those of a configuration, in the order of the ports that they are plugged into.
std::vector<backend::UsbKind> usb_devices(const config::DomainConfig& config);

} // namespace windsor::domain
