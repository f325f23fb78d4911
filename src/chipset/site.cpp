// SPDX-License-Identifier: GPL-2.0-or-later
#include "chipset/site.hpp"

namespace windsor::chipset {

bus::IrqLine Site::irq(unsigned number) const
{
    return number < place_.irqs.size() ? bus::IrqLine{backplane_.isa_interrupts, place_.irqs[number]} : bus::IrqLine{};
}

void Site::claim_ports(unsigned number, std::uint64_t size, bus::AccessHandler& handler)
{
    backplane_.mainboard.lock().assert_held();
    if (number < place_.ports.size()) {
        claims_.push_back(backplane_.ports.claim(base::Port{place_.ports[number]}, size, handler, name_));
    }
}

void Site::claim_mmio(unsigned number, std::uint64_t size, bus::AccessHandler& handler)
{
    backplane_.mainboard.lock().assert_held();
    if (number < place_.mmio.size()) {
        claims_.push_back(backplane_.mmio.claim(base::GuestPhysical{place_.mmio[number]}, size, handler, name_));
    }
}

base::Status Site::plug(pci::Function& function)
{
    const auto [device, number] = place_.pci.value_or(PciPlace{});
    if (!place_.pci || !backplane_.pci_bus.add(device, number, function)) {
        return base::fail("there is no free place for {} on the PCI bus", name_);
    }
    function.connect({.lock = backplane_.mainboard.lock(),
                      .ports = backplane_.ports,
                      .mmio = backplane_.mmio,
                      .memory = backplane_.memory,
                      .layer = backplane_.pci_layer});
    function.connect_interrupt(backplane_.pci_interrupts.line(device, number, function.interrupt_pin()));
    return {};
}

} // namespace windsor::chipset
