// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ioapic/unit.hpp"

#include "devices/ioapic/saved_state.hpp"

namespace windsor::devices::ioapic {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, IoApic* ioapic) : ioapic_{*ioapic} { site.claim_mmio(0, kPageSize, ioapic_); }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", ioapic_); }

private:
    IoApic& ioapic_;
};

} // namespace

chipset::Make unit(IoApic& ioapic)
{
    return chipset::make_of<Unit>(&ioapic);
}

} // namespace windsor::devices::ioapic
