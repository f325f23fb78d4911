// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/pci_function.hpp"

#include "devices/vga/rom.hpp"

namespace windsor::devices::vga {

namespace {

constexpr pci::Identity kIdentity{.vendor = kPciVendor,
                                  .device = kPciDevice,
                                  .class_code = kPciClass,
                                  .revision = kPciRevision,
                                  .subsystem_vendor = kPciSubsystemVendor,
                                  .subsystem = kPciSubsystem};

} // namespace

PciFunction::PciFunction(Vga& vga, std::unique_ptr<memory::Block> rom) : Function{kIdentity}, rom_{std::move(rom)}
{
    add_bar(kFramebufferBar, pci::BarKind::Prefetchable32, {.block = &vga.vram(), .logged = true});
    add_bar(kRegistersBar, pci::BarKind::Memory32, mmio::kSize, {&vga.registers(), "vga registers"});
    add_rom(*rom_);
}

base::Result<std::unique_ptr<PciFunction>> PciFunction::create(Vga& vga, std::span<const std::uint8_t> rom)
{
    auto block = WINDSOR_TRY(rom_block(rom));
    return std::unique_ptr<PciFunction>{new PciFunction{vga, std::move(block)}};
}

} // namespace windsor::devices::vga
