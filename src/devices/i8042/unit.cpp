// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/unit.hpp"

#include "devices/i8042/i8042.hpp"
#include "devices/i8042/saved_state.hpp"
#include "devices/i8042/system_control_port_a.hpp"

namespace windsor::devices::i8042 {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    explicit Unit(chipset::Site& site)
        : a20_{[&mainboard = site.mainboard()](bool open) { mainboard.set_a20(open); }},
          i8042_{site.clock(),
                 site.timers(),
                 a20_,
                 {.irq1 = site.irq(0),
                  .irq12 = site.irq(1),
                  .system_reset = [&mainboard = site.mainboard()] { mainboard.init_processors(); }}},
          system_control_{a20_, [&mainboard = site.mainboard()] { mainboard.init_processors(); }}
    {
        site.claim_ports(0, 1, i8042_.data_port());
        site.claim_ports(1, 1, i8042_.command_port());
        site.claim_ports(2, 1, system_control_);
        site.outlets().keyboards.push_back(&i8042_);
        site.outlets().pointers.push_back(&i8042_);
        site.outlets().a20.push_back(&a20_);
    }
    template <typename Visit> base::Status parts(Visit visit)
    {
        WINDSOR_TRY(visit("a20", chipset::ResetElsewhere{a20_})); // the controller opens it
        WINDSOR_TRY(visit("", i8042_));
        return visit("port_92", system_control_);
    }

private:
    A20Gate a20_;
    I8042 i8042_;
    SystemControlPortA system_control_;
};

} // namespace

chipset::Make unit()
{
    return chipset::make_of<Unit>();
}

} // namespace windsor::devices::i8042
