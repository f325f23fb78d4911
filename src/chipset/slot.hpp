// SPDX-License-Identifier: GPL-2.0-or-later
// Where a device sits: a machine is a list of slots.
#pragma once

#include "chipset/device.hpp"
#include "chipset/site.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace windsor::chipset {

// Makes a device with the wiring of its slot.
using Make = std::function<base::Result<std::unique_ptr<Device>>(Site&)>;

// Makes a Unit from its site and what it is made from besides. If it has wire(site), that is what can fail.
template <typename Unit, typename... Options> Make make_of(Options... options)
{
    return [... options = std::move(options)](Site& site) -> base::Result<std::unique_ptr<Device>> {
        auto unit = std::make_unique<Unit>(site, options...);
        if constexpr (requires { unit->wire(site); }) {
            WINDSOR_TRY(unit->wire(site));
        }
        return unit;
    };
}

struct Slot {
    std::string path; // names its records in a saved state, such as "pci/2.0/vga"; each once in a machine
    Place place;
    Make make;
};

// Of devices of the ISA bus: the first ports of their ranges, and their interrupts, in the order that the device has.
inline Slot isa(const std::string& name, std::vector<std::uint16_t> ports, std::vector<unsigned> irqs, Make make)
{
    return {"isa/" + name, {.ports = std::move(ports), .irqs = std::move(irqs)}, std::move(make)};
}

// A PCI function. Those that stand in for ISA devices have ports and ISA interrupts besides.
Slot pci(PciPlace where, const std::string& name, Place besides, Make make);

} // namespace windsor::chipset
