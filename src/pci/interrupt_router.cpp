// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/interrupt_router.hpp"

namespace windsor::pci {

InterruptRouter::InterruptRouter(bus::IrqSink& isa, bus::IrqSink& gsis, LinkWiring wiring)
    : isa_{isa}, gsis_{gsis}, wiring_{wiring}
{
}

bus::IrqLine InterruptRouter::line(unsigned device, unsigned function, std::uint8_t pin)
{
    if (pin == 0 || pin > kPins || device >= kDevices || function >= kFunctions) {
        return {};
    }
    return {*this, (device * kFunctions + function) * kPins + pin - 1};
}

// PIIX3 datasheet, section 2.2.9 (PIRQRC[A:D]).
void InterruptRouter::set_route(unsigned link, std::uint8_t pirqrc)
{
    if (link >= kLinks) {
        return;
    }
    constexpr unsigned kReserved = 1U << 0 | 1U << 1 | 1U << 2 | 1U << 8 | 1U << 13;
    const unsigned irq = pirqrc & 0x0fU;
    const bool routed = (pirqrc & 0x80) == 0 && (kReserved >> irq & 1) == 0;
    routes_[link] = routed ? irq : kNoRoute;
    update_isa();
}

void InterruptRouter::set_irq(unsigned input, bool level)
{
    if (input >= kSources || state_.levels[input] == level) {
        return;
    }
    state_.levels[input] = level;
    const unsigned pin = input % kPins;
    const unsigned device = input / kPins / kFunctions;
    unsigned& link = link_sources_[link_of(wiring_, device, pin)];
    unsigned& gsi = gsi_sources_[gsi_of(device, pin) - kFirstPciGsi];
    const bool was = gsi != 0;
    if (level) {
        ++link;
        ++gsi;
    } else {
        --link;
        --gsi;
    }
    if (was != (gsi != 0)) {
        gsis_.set_irq(gsi_of(device, pin), gsi != 0);
    }
    update_isa();
}

std::array<bool, kIsaIrqs> InterruptRouter::isa_wanted() const
{
    std::array<bool, kIsaIrqs> levels{};
    for (unsigned link = 0; link < kLinks; ++link) {
        if (routes_[link] != kNoRoute && link_sources_[link] != 0) {
            levels[routes_[link]] = true;
        }
    }
    return levels;
}

void InterruptRouter::update_isa()
{
    const std::array<bool, kIsaIrqs> levels = isa_wanted();
    for (unsigned irq = 0; irq < kIsaIrqs; ++irq) {
        if (levels[irq] != isa_levels_[irq]) {
            isa_levels_[irq] = levels[irq];
            isa_.set_irq(irq, levels[irq]);
        }
    }
}

// The interrupt controllers bring their input levels along, so nothing is told to them.
void InterruptRouter::load(const State& state)
{
    state_ = state;
    link_sources_ = {};
    gsi_sources_ = {};
    for (unsigned input = 0; input < kSources; ++input) {
        if (state_.levels[input]) {
            const unsigned device = input / kPins / kFunctions;
            ++link_sources_[link_of(wiring_, device, input % kPins)];
            ++gsi_sources_[gsi_of(device, input % kPins) - kFirstPciGsi];
        }
    }
    isa_levels_ = isa_wanted();
}

} // namespace windsor::pci
