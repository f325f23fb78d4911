// SPDX-License-Identifier: GPL-2.0-or-later
#include "chipset/pci_root.hpp"

#include "pci/saved_state.hpp"

namespace windsor::chipset {

namespace {

class Root final : public DeviceOf<Root> {
public:
    explicit Root(Site& site) : bus_{site.pci_bus()} { site.claim_ports(0, pci::kConfigPorts, bus_); }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", bus_); }

private:
    pci::Bus& bus_;
};

} // namespace

Make pci_root()
{
    return make_of<Root>();
}

} // namespace windsor::chipset
