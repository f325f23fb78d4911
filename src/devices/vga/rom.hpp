// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace windsor::devices::vga {

// A VGA BIOS as an expansion ROM's memory. Fails if it is empty or larger than 64 KiB, or the host has no memory.
base::Result<std::unique_ptr<memory::Block>> rom_block(std::span<const std::uint8_t> rom);

} // namespace windsor::devices::vga
