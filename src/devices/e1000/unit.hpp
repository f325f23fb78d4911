// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/network_link.hpp"
#include "chipset/slot.hpp"

#include <cstdint>
#include <vector>

namespace windsor::devices::e1000 {

// A PCI function. The link outlives the machine; without one nobody is at the other end of the cable. An empty ROM is
// none: the function then has no expansion ROM.
chipset::Make unit(const backend::MacAddress& mac, backend::NetworkLink* link, std::vector<std::uint8_t> rom);

} // namespace windsor::devices::e1000
