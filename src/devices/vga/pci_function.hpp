// SPDX-License-Identifier: GPL-2.0-or-later
// The standard VGA as a PCI function: framebuffer, registers and expansion ROM.
#pragma once

#include "base/result.hpp"
#include "devices/vga/vga.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace windsor::devices::vga {

// Base address registers, as QEMU's "VGA" device has them.
constexpr unsigned kFramebufferBar = 0; // prefetchable memory, kVramSize
constexpr unsigned kRegistersBar = 2;   // memory, mmio::kSize

// The framebuffer and the ROM are memory: map() puts them into the guest-physical address space. The
// registers are the bus's business.
class PciFunction final : public pci::Function {
public:
    // `rom` is the VGA BIOS, at most 64 KiB; `vga` and `memory` outlive the function. Fails if the host has
    // no memory for the ROM, or it is too large.
    static base::Result<std::unique_ptr<PciFunction>> create(Vga& vga, memory::GuestMemory& memory,
                                                             std::span<const std::uint8_t> rom);
    ~PciFunction() override;

    // The range of a base address register now answers at `base`, in that layer of the address space.
    void map(unsigned index, std::uint64_t base, int layer);
    void unmap(unsigned index);

private:
    PciFunction(Vga& vga, memory::GuestMemory& memory, std::unique_ptr<memory::Block> rom);

    Vga& vga_;
    memory::GuestMemory& memory_;
    std::unique_ptr<memory::Block> rom_;
    std::optional<memory::MappingId> framebuffer_mapping_;
    std::optional<memory::MappingId> rom_mapping_;
};

} // namespace windsor::devices::vga
