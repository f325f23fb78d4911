// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/dma/unit.hpp"

#include "devices/dma/saved_state.hpp"

namespace windsor::devices::dma {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    explicit Unit(chipset::Site& site) : dma_{site.memory()}
    {
        site.claim_ports(0, 16, dma_.first_ports());
        site.claim_ports(1, 16, dma_.page_ports());
        site.claim_ports(2, 32, dma_.second_ports());
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", dma_); }

private:
    Dma dma_;
};

} // namespace

chipset::Make unit()
{
    return chipset::make_of<Unit>();
}

} // namespace windsor::devices::dma
