// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/fw_debug/unit.hpp"

#include "devices/fw_debug/debug_port.hpp"
#include "devices/fw_debug/saved_state.hpp"

namespace windsor::devices::fw_debug {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    explicit Unit(chipset::Site& site)
        : port_{[&log = site.log()](std::string_view line) { log.guest_text("firmware", line); }}
    {
        site.claim_ports(0, 1, port_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", port_); }

private:
    DebugPort port_;
};

} // namespace

chipset::Make unit()
{
    return chipset::make_of<Unit>();
}

} // namespace windsor::devices::fw_debug
