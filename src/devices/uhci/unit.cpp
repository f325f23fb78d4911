// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/uhci/unit.hpp"

#include "devices/uhci/saved_state.hpp"
#include "devices/uhci/uhci.hpp"

namespace windsor::devices::uhci {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    explicit Unit(const chipset::Site& site) : chip_{site.clock(), site.timers(), site.memory()} {}
    base::Status wire(chipset::Site& site)
    {
        for (std::size_t port = 0; port < kPorts; ++port) {
            site.outlets().usb_ports.push_back(&chip_.port(port));
        }
        return site.plug(chip_);
    }
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere{chip_}); // by its bus
    }

private:
    Uhci chip_;
};

} // namespace

chipset::Make unit()
{
    return chipset::make_of<Unit>();
}

} // namespace windsor::devices::uhci
