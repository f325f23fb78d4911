// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/cirrus/pci_function.hpp"

#include "devices/vga/rom.hpp"

namespace windsor::devices::vga::cirrus {

namespace {

constexpr pci::Identity kIdentity{.vendor = kPciVendor,
                                  .device = kPciDevice,
                                  .class_code = kPciClass,
                                  .revision = 0,
                                  .subsystem_vendor = kPciSubsystemVendor,
                                  .subsystem = kPciSubsystem};

} // namespace

PciFunction::PciFunction(Cirrus& cirrus, std::unique_ptr<memory::Block> rom)
    : Function{kIdentity}, cirrus_{cirrus}, rom_{std::move(rom)}
{
    add_bar(kFramebufferBar, pci::BarKind::Prefetchable32, kFramebufferRange,
            {&cirrus.framebuffer(), "cirrus frame buffer"});
    add_bar(kRegistersBar, pci::BarKind::Memory32, kRegistersRange, {&cirrus.registers(), "cirrus registers"});
    add_rom(*rom_);
    cirrus_.on_linear_change([this] { place_memory(); });
}

PciFunction::~PciFunction()
{
    cirrus_.on_linear_change({});
}

base::Result<std::unique_ptr<PciFunction>> PciFunction::create(Cirrus& cirrus, std::span<const std::uint8_t> rom)
{
    auto block = WINDSOR_TRY(rom_block(rom));
    return std::unique_ptr<PciFunction>{new PciFunction{cirrus, std::move(block)}};
}

void PciFunction::config_written(unsigned /*offset*/, unsigned /*width*/)
{
    place_memory();
}

void PciFunction::place_memory()
{
    const std::optional<std::uint64_t> base = bar_base(kFramebufferBar);
    const std::uint64_t size = cirrus_.linear_size();
    std::optional<std::pair<std::uint64_t, std::uint64_t>> wanted;
    if (base && size != 0 && spaces()) {
        wanted.emplace(*base, size);
    }
    if (wanted == placed_) {
        return;
    }
    placement_.release();
    placed_ = wanted;
    if (wanted) {
        placement_ = memory::Placement{spaces()->memory,
                                       {.start = base::GuestPhysical{wanted->first},
                                        .size = wanted->second,
                                        .block = &cirrus_.vram(),
                                        .logged = true,
                                        .layer = spaces()->layer}};
    }
}

} // namespace windsor::devices::vga::cirrus
