// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

#include <cstdint>
#include <vector>

namespace windsor::devices::vga::cirrus {

// The Cirrus Logic GD5446: the ports of the VGA, its window in memory, and a PCI function. `rom` is the VGA BIOS.
chipset::Make unit(std::vector<std::uint8_t> rom);

} // namespace windsor::devices::vga::cirrus
