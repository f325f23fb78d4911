// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

#include <cstdint>
#include <vector>

namespace windsor::devices::vga {

// The standard VGA: its ports, those of the Bochs display interface, the window in memory, and a PCI function. `rom` is
// the VGA BIOS, and `vram_size` as for Vga::create().
chipset::Make unit(std::vector<std::uint8_t> rom, std::uint64_t vram_size);

} // namespace windsor::devices::vga
