// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/network_link.hpp"
#include "chipset/slot.hpp"

#include <cstdint>
#include <vector>

namespace windsor::devices::rtl8139 {

// A PCI function with that address. `link` lives until the device has let go of the world; without one there is no
// carrier, and frames go nowhere. An empty `rom` is none.
chipset::Make unit(const backend::MacAddress& mac, backend::NetworkLink* link, std::vector<std::uint8_t> rom);

} // namespace windsor::devices::rtl8139
