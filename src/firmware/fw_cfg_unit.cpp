// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/fw_cfg_unit.hpp"

#include "firmware/saved_state.hpp"

namespace windsor::firmware {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, const std::function<void(FwCfg&, const chipset::Outlets&)>& fill) : fw_cfg_{site.memory()}
    {
        fill(fw_cfg_, site.outlets());
        site.claim_ports(0, FwCfg::kPortCount, fw_cfg_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", fw_cfg_); }

private:
    FwCfg fw_cfg_;
};

} // namespace

chipset::Make fw_cfg_unit(std::function<void(FwCfg&, const chipset::Outlets&)> fill)
{
    return chipset::make_of<Unit>(std::move(fill));
}

} // namespace windsor::firmware
