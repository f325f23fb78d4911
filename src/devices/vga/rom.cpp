// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/rom.hpp"

#include <algorithm>
#include <bit>

namespace windsor::devices::vga {

base::Result<std::unique_ptr<memory::Block>> rom_block(std::span<const std::uint8_t> rom)
{
    constexpr std::size_t kLargest = 64 * 1024;
    if (rom.empty() || rom.size() > kLargest) {
        return base::fail("the VGA BIOS has {} bytes; it must have 1 to {}", rom.size(), kLargest);
    }
    auto block = WINDSOR_TRY(memory::Block::create(std::bit_ceil(rom.size())));
    std::ranges::copy(rom, block->data());
    return block;
}

} // namespace windsor::devices::vga
