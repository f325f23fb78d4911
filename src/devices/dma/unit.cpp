// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/dma/unit.hpp"

#include "chipset/isa_dma.hpp"
#include "devices/dma/saved_state.hpp"

namespace windsor::devices::dma {

namespace {

class Unit final : public chipset::DeviceOf<Unit>, public chipset::IsaDma {
public:
    explicit Unit(chipset::Site& site) : dma_{site.memory()}
    {
        site.claim_ports(0, 16, dma_.first_ports());
        site.claim_ports(1, 16, dma_.page_ports());
        site.claim_ports(2, 32, dma_.second_ports());
        site.outlets().isa_dma.push_back(this);
    }

    void set_request(unsigned channel, bool level) override { dma_.set_request(channel, level); }
    Transfer read(unsigned channel, std::span<std::uint8_t> into) override { return dma_.read(channel, into); }
    Transfer write(unsigned channel, std::span<const std::uint8_t> from) override { return dma_.write(channel, from); }

    template <typename Visit> base::Status parts(Visit visit) { return visit("", dma_); }

private:
    Dma dma_;
};

} // namespace

chipset::Make unit()
{
    return chipset::make_of<Unit>();
}

} // namespace windsor::devices::dma
