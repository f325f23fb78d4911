// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pic/unit.hpp"

#include "devices/pic/saved_state.hpp"

namespace windsor::devices::pic {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, Pic* pic) : pic_{*pic}
    {
        site.claim_ports(0, 2, pic_.master_ports());
        site.claim_ports(1, 2, pic_.slave_ports());
        site.claim_ports(2, 2, pic_.elcr_ports());
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", pic_); }

private:
    Pic& pic_;
};

} // namespace

chipset::Make unit(Pic& pic)
{
    return chipset::make_of<Unit>(&pic);
}

} // namespace windsor::devices::pic
