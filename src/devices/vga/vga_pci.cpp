// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/vga_pci.hpp"

#include <algorithm>
#include <bit>

namespace windsor::devices::vga {

namespace {

constexpr std::uint64_t kLargestRom = std::uint64_t{1} << 20;
constexpr std::uint64_t kSmallestRom = memory::kPageSize;
// Where a guest puts a range over its RAM, the RAM answers.
constexpr int kLayer = -1;

constexpr pci::Identity kIdentity{.vendor = kPciVendor,
                                  .device = kPciDevice,
                                  .class_code = kPciClass,
                                  .revision = kPciRevision,
                                  .subsystem_vendor = kPciSubsystemVendor,
                                  .subsystem = kPciSubsystem};

} // namespace

base::Result<std::unique_ptr<VgaFunction>> VgaFunction::create(Vga& vga, memory::GuestMemory& memory,
                                                               std::span<const std::uint8_t> rom)
{
    if (rom.size() > kLargestRom) {
        return base::fail("the VGA BIOS is {} bytes long; {} is the most that a ROM can have", rom.size(), kLargestRom);
    }
    std::unique_ptr<memory::Block> block;
    if (!rom.empty()) {
        block = WINDSOR_TRY(memory::Block::create(std::bit_ceil(std::max<std::uint64_t>(rom.size(), kSmallestRom))));
        std::ranges::copy(rom, block->data());
    }
    return std::unique_ptr<VgaFunction>{new VgaFunction{vga, memory, std::move(block)}};
}

VgaFunction::VgaFunction(Vga& vga, memory::GuestMemory& memory, std::unique_ptr<memory::Block> rom)
    : Function{kIdentity}, vga_{vga}, memory_{memory}, rom_{std::move(rom)}
{
    add_bar(kFramebufferBar, pci::BarKind::Prefetchable32, kVramSize);
    add_bar(kRegistersBar, pci::BarKind::Memory32, mmio::kSize);
    if (rom_ != nullptr) {
        add_rom(static_cast<std::uint32_t>(rom_->size()));
    }
    set_bar_target(&placer_);
}

VgaFunction::~VgaFunction()
{
    remove(framebuffer_mapping_);
    remove(rom_mapping_);
}

void VgaFunction::set_register_target(pci::BarTarget* target)
{
    register_target_ = target;
    if (const std::optional<std::uint64_t> base = bar_base(kRegistersBar); target != nullptr && base) {
        target->bar_mapped(*this, kRegistersBar, *base, mmio::kSize);
    }
}

void VgaFunction::place(std::optional<memory::MappingId>& mapping, memory::Block& block, std::uint64_t base,
                        bool framebuffer)
{
    mapping = memory_.map({.start = base::GuestPhysical{base},
                           .size = block.size(),
                           .block = &block,
                           .access = framebuffer ? memory::Access::ReadWrite : memory::Access::ReadOnly,
                           .logged = framebuffer,
                           .layer = kLayer});
}

void VgaFunction::remove(std::optional<memory::MappingId>& mapping)
{
    if (mapping) {
        memory_.unmap(*mapping);
        mapping.reset();
    }
}

void VgaFunction::Placer::bar_mapped(pci::Function& function, unsigned index, std::uint64_t base, std::uint64_t size)
{
    if (index == kFramebufferBar) {
        owner_.place(owner_.framebuffer_mapping_, owner_.vga_.vram(), base, true);
    } else if (index == pci::kRomBar) {
        owner_.place(owner_.rom_mapping_, *owner_.rom_, base, false);
    } else if (owner_.register_target_ != nullptr) {
        owner_.register_target_->bar_mapped(function, index, base, size);
    }
}

void VgaFunction::Placer::bar_unmapped(pci::Function& function, unsigned index, std::uint64_t base, std::uint64_t size)
{
    if (index == kFramebufferBar) {
        owner_.remove(owner_.framebuffer_mapping_);
    } else if (index == pci::kRomBar) {
        owner_.remove(owner_.rom_mapping_);
    } else if (owner_.register_target_ != nullptr) {
        owner_.register_target_->bar_unmapped(function, index, base, size);
    }
}

} // namespace windsor::devices::vga
