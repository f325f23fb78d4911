// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ac97/unit.hpp"

#include "devices/ac97/ac97.hpp"
#include "devices/ac97/saved_state.hpp"

namespace windsor::devices::ac97 {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(const chipset::Site& site, backend::SoundOutput* output)
        : chip_{site.clock(), site.timers(), site.memory(), {.output = output}}
    {
    }
    base::Status wire(chipset::Site& site) { return site.plug(chip_); }
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere{chip_}); // by its bus
    }

private:
    Ac97 chip_;
};

} // namespace

chipset::Make unit(backend::SoundOutput* output)
{
    return chipset::make_of<Unit>(output);
}

} // namespace windsor::devices::ac97
