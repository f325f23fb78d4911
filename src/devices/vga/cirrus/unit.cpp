// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/cirrus/unit.hpp"

#include "devices/vga/cirrus/cirrus.hpp"
#include "devices/vga/cirrus/pci_function.hpp"
#include "devices/vga/cirrus/saved_state.hpp"
#include "pci/saved_state.hpp"

namespace windsor::devices::vga::cirrus {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(std::unique_ptr<Cirrus> cirrus, std::unique_ptr<PciFunction> function)
        : cirrus_{std::move(cirrus)}, function_{std::move(function)}
    {
    }
    base::Status wire(chipset::Site& site)
    {
        site.claim_ports(0, kPortsSize, cirrus_->ports());
        site.claim_mmio(0, kWindowSize, cirrus_->window());
        site.outlets().screens.push_back(cirrus_.get());
        return site.plug(*function_);
    }
    template <typename Visit> base::Status parts(Visit visit)
    {
        WINDSOR_TRY(visit("function", chipset::ResetElsewhere<pci::Function>{*function_})); // by its bus
        return visit("", *cirrus_);
    }
    std::vector<NamedMemory> memory() override { return {{"vram", &cirrus_->vram()}}; }

private:
    std::unique_ptr<Cirrus> cirrus_;
    std::unique_ptr<PciFunction> function_;
};

} // namespace

chipset::Make unit(std::vector<std::uint8_t> rom)
{
    return [rom = std::move(rom)](chipset::Site& site) -> base::Result<std::unique_ptr<chipset::Device>> {
        auto cirrus = WINDSOR_TRY(Cirrus::create(site.memory(), site.clock()));
        auto function = WINDSOR_TRY(PciFunction::create(*cirrus, rom));
        auto unit = std::make_unique<Unit>(std::move(cirrus), std::move(function));
        WINDSOR_TRY(unit->wire(site));
        return unit;
    };
}

} // namespace windsor::devices::vga::cirrus
