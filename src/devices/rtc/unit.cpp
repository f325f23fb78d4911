// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtc/unit.hpp"

#include "devices/rtc/saved_state.hpp"

namespace windsor::devices::rtc {

namespace {

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, const Rtc::Options& options) : rtc_{site.clock(), site.timers(), site.irq(0), options}
    {
        site.claim_ports(0, 2, rtc_.ports());
        site.claim_ports(1, 2, rtc_.extended_ports());
        site.outlets().clocks.push_back(&rtc_);
        site.outlets().cmos.push_back(&rtc_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", rtc_); }

private:
    Rtc rtc_;
};

} // namespace

chipset::Make unit(Rtc::Options options)
{
    return chipset::make_of<Unit>(std::move(options));
}

} // namespace windsor::devices::rtc
