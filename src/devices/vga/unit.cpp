// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/unit.hpp"

#include "devices/vga/pci_function.hpp"
#include "devices/vga/saved_state.hpp"
#include "devices/vga/vga.hpp"
#include "pci/saved_state.hpp"

namespace windsor::devices::vga {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(std::unique_ptr<Vga> vga, std::unique_ptr<PciFunction> function)
        : vga_{std::move(vga)}, function_{std::move(function)}
    {
    }
    base::Status wire(chipset::Site& site)
    {
        site.claim_ports(0, kPortsSize, vga_->ports());
        site.claim_ports(1, dispi::kPortsSize, vga_->dispi_ports());
        site.claim_mmio(0, kWindowSize, vga_->window());
        site.outlets().screens.push_back(vga_.get());
        return site.plug(*function_);
    }
    template <typename Visit> base::Status parts(Visit visit)
    {
        WINDSOR_TRY(visit("function", chipset::ResetElsewhere<pci::Function>{*function_})); // by its bus
        return visit("", *vga_);
    }
    std::vector<NamedMemory> memory() override { return {{"vram", &vga_->vram()}}; }

private:
    std::unique_ptr<Vga> vga_;
    std::unique_ptr<PciFunction> function_;
};

} // namespace

chipset::Make unit(std::vector<std::uint8_t> rom, std::uint64_t vram_size)
{
    return [rom = std::move(rom), vram_size](chipset::Site& site) -> base::Result<std::unique_ptr<chipset::Device>> {
        auto vga = WINDSOR_TRY(Vga::create(site.memory(), site.clock(), vram_size));
        auto function = WINDSOR_TRY(PciFunction::create(*vga, rom));
        auto unit = std::make_unique<Unit>(std::move(vga), std::move(function));
        WINDSOR_TRY(unit->wire(site));
        return unit;
    };
}

} // namespace windsor::devices::vga
