// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pit/unit.hpp"

#include "devices/pit/saved_state.hpp"

namespace windsor::devices::pit {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, chipset::MissedTicks missed)
        : pit_{site.clock(),
               site.timers(),
               site.irq(0),
               {.missed = missed, .tick_state = [&mainboard = site.mainboard()] { return mainboard.timer_tick(); }}},
          system_control_{pit_, site.clock()}
    {
        site.claim_ports(0, 4, pit_);
        site.claim_ports(1, 1, system_control_);
        site.outlets().ticks.push_back(&pit_);
    }
    template <typename Visit> base::Status parts(Visit visit)
    {
        WINDSOR_TRY(visit("", pit_));
        return visit("system_control", system_control_);
    }

private:
    Pit pit_;
    SystemControlPort system_control_;
};

} // namespace

chipset::Make unit(chipset::MissedTicks missed)
{
    return chipset::make_of<Unit>(missed);
}

} // namespace windsor::devices::pit
