// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i440fx/unit.hpp"

#include "devices/i440fx/host_bridge.hpp"
#include "pci/saved_state.hpp"

namespace windsor::devices::i440fx {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, const PamMapper::Options& options) : mapper_{site.memory(), options}
    {
        site.claim_mmio(0, kShadowSize, mapper_.shadow_writes());
    }
    base::Status wire(chipset::Site& site) { return site.plug(bridge_); }
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere<pci::Function>{bridge_}); // by its bus
    }

private:
    PamMapper mapper_;
    HostBridge bridge_{mapper_};
};

} // namespace

chipset::Make unit(PamMapper::Options options)
{
    return chipset::make_of<Unit>(options);
}

} // namespace windsor::devices::i440fx
