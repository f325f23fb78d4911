// SPDX-License-Identifier: GPL-2.0-or-later
// The standard VGA as a PCI function: framebuffer, registers and expansion ROM.
#pragma once

#include "base/result.hpp"
#include "devices/vga/vga.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace windsor::devices::vga {

// Base address registers, as QEMU's "VGA" device has them.
constexpr unsigned kFramebufferBar = 0; // prefetchable memory, all of vram()
constexpr unsigned kRegistersBar = 2;   // memory, mmio::kSize

class PciFunction final : public pci::Function {
public:
    // `rom` is the VGA BIOS, at most 64 KiB; `vga` outlives the function. Fails if the host has no memory for the ROM,
    // or it is too large.
    static base::Result<std::unique_ptr<PciFunction>> create(Vga& vga, std::span<const std::uint8_t> rom);

private:
    PciFunction(Vga& vga, std::unique_ptr<memory::Block> rom);

    std::unique_ptr<memory::Block> rom_;
};

} // namespace windsor::devices::vga
