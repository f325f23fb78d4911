// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/piix3/unit.hpp"

#include "devices/piix3/isa_bridge.hpp"
#include "devices/piix3/numeric_error.hpp"
#include "devices/piix3/saved_state.hpp"
#include "pci/saved_state.hpp"

namespace windsor::devices::piix3 {

namespace {

class IsaBridgeUnit final : public chipset::DeviceOf<IsaBridgeUnit> {
public:
    explicit IsaBridgeUnit(const chipset::Site& site) : router_{site.pci_interrupts()}, bridge_{router_} {}
    base::Status wire(chipset::Site& site) { return site.plug(bridge_); }
    // The router needs the bridge's registers, and follows the lines of the functions when these are reset.
    template <typename Visit> base::Status parts(Visit visit)
    {
        WINDSOR_TRY(visit("", chipset::ResetElsewhere<pci::Function>{bridge_}));
        return visit("interrupts", chipset::ResetElsewhere{router_});
    }

private:
    pci::InterruptRouter& router_;
    IsaBridge bridge_;
};

class ResetControlUnit final : public chipset::DeviceOf<ResetControlUnit> {
public:
    explicit ResetControlUnit(chipset::Site& site)
        : control_{[&mainboard = site.mainboard()](ResetKind kind) {
              kind == ResetKind::Hard ? mainboard.reset_machine() : mainboard.init_processors();
          }}
    {
        site.claim_ports(0, 1, control_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", control_); }

private:
    ResetControl control_;
};

class NumericErrorUnit final : public chipset::DeviceOf<NumericErrorUnit> {
public:
    explicit NumericErrorUnit(chipset::Site& site) : logic_{site.irq(0)}
    {
        site.claim_ports(0, 1, logic_);
        site.outlets().numeric_errors.push_back(&logic_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", logic_); }

private:
    NumericError logic_;
};

} // namespace

chipset::Make isa_bridge()
{
    return chipset::make_of<IsaBridgeUnit>();
}

chipset::Make reset_control()
{
    return chipset::make_of<ResetControlUnit>();
}

chipset::Make numeric_error()
{
    return chipset::make_of<NumericErrorUnit>();
}

} // namespace windsor::devices::piix3
