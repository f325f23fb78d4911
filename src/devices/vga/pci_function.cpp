// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/pci_function.hpp"

#include <algorithm>
#include <bit>

namespace windsor::devices::vga {

namespace {

constexpr pci::Identity kIdentity{.vendor = kPciVendor,
                                  .device = kPciDevice,
                                  .class_code = kPciClass,
                                  .revision = kPciRevision,
                                  .subsystem_vendor = kPciSubsystemVendor,
                                  .subsystem = kPciSubsystem};
constexpr std::uint32_t kLargestRom = 64 * 1024;

} // namespace

PciFunction::PciFunction(Vga& vga, memory::GuestMemory& memory, std::unique_ptr<memory::Block> rom)
    : Function{kIdentity}, vga_{vga}, memory_{memory}, rom_{std::move(rom)}
{
    add_bar(kFramebufferBar, pci::BarKind::Prefetchable32, static_cast<std::uint32_t>(kVramSize));
    add_bar(kRegistersBar, pci::BarKind::Memory32, mmio::kSize);
    add_rom(static_cast<std::uint32_t>(rom_->size()));
}

PciFunction::~PciFunction()
{
    unmap(kFramebufferBar);
    unmap(pci::kRomBar);
}

base::Result<std::unique_ptr<PciFunction>> PciFunction::create(Vga& vga, memory::GuestMemory& memory,
                                                               std::span<const std::uint8_t> rom)
{
    if (rom.empty() || rom.size() > kLargestRom) {
        return base::fail("the VGA BIOS has {} bytes; it must have 1 to {}", rom.size(), kLargestRom);
    }
    auto block = WINDSOR_TRY(memory::Block::create(std::bit_ceil(rom.size())));
    std::ranges::copy(rom, block->data());
    return std::unique_ptr<PciFunction>{new PciFunction{vga, memory, std::move(block)}};
}

void PciFunction::map(unsigned index, std::uint64_t base, int layer)
{
    memory::Mapping mapping{.start = memory::GuestPhysical{base}, .layer = layer};
    if (index == kFramebufferBar) {
        mapping.size = kVramSize;
        mapping.block = &vga_.vram();
        mapping.logged = true;
        framebuffer_mapping_ = memory_.map(mapping);
    } else if (index == pci::kRomBar) {
        mapping.size = rom_->size();
        mapping.block = rom_.get();
        mapping.access = memory::Access::ReadOnly;
        rom_mapping_ = memory_.map(mapping);
    }
}

void PciFunction::unmap(unsigned index)
{
    auto& mapping = index == pci::kRomBar ? rom_mapping_ : framebuffer_mapping_;
    if (mapping) {
        memory_.unmap(*mapping);
        mapping.reset();
    }
}

} // namespace windsor::devices::vga
