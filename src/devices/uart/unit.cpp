// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/uart/unit.hpp"

#include "devices/uart/saved_state.hpp"
#include "devices/uart/uart16550.hpp"

namespace windsor::devices::uart {

namespace {

struct Nobody final : backend::CharacterSink {
    void transmit(std::uint8_t) override {}
    void input_wanted() override {}
};

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, backend::CharacterSink* sink)
        : uart_{site.clock(), site.timers(), site.irq(0), sink != nullptr ? *sink : nobody_}
    {
        site.claim_ports(0, 8, uart_);
        site.outlets().serial_ports.push_back(&uart_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", uart_); }

private:
    Nobody nobody_;
    Uart16550 uart_;
};

} // namespace

chipset::Make unit(backend::CharacterSink* sink)
{
    return chipset::make_of<Unit>(sink);
}

} // namespace windsor::devices::uart
