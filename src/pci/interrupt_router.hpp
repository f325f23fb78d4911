// SPDX-License-Identifier: GPL-2.0-or-later
// The wiring of INTx pins: over four PIRQ links to ISA interrupts, and straight to I/O APIC inputs.
#pragma once

#include "bus/irq_line.hpp"
#include "pci/spec.hpp"

#include <array>
#include <bitset>
#include <cstdint>

namespace windsor::pci {

constexpr unsigned kLinks = 4;
constexpr unsigned kIsaIrqs = 16;
// Xen's HVM platform spreads pins over the I/O APIC inputs 16 to 47.
constexpr unsigned kFirstPciGsi = 16;
constexpr unsigned kPciGsis = 32;

// Which PIRQ link a pin reaches; `pin` counts from 0 for INTA.
enum class LinkWiring : std::uint8_t {
    XenHvm,  // (device + pin) mod 4, as the ACPI tables of Xen HVM guests describe it
    Seabios, // (device + pin - 1) mod 4, as SeaBIOS assumes when it fills Interrupt Line and its $PIR table
};

constexpr unsigned link_of(LinkWiring wiring, unsigned device, unsigned pin)
{
    return (device + pin + (wiring == LinkWiring::XenHvm ? 0 : kLinks - 1)) % kLinks;
}

// I/O APIC input of a pin, as Xen's public HVM platform has it.
constexpr unsigned gsi_of(unsigned device, unsigned pin)
{
    return kFirstPciGsi + (device * 4 + device / 8 + pin) % kPciGsis;
}

// All levels are active high here; inputs that several sources share carry their OR. Used under the
// machine lock.
class InterruptRouter final : public bus::IrqSink {
public:
    // Which sources assert; the routes follow from the ISA bridge's registers.
    struct State {
        std::bitset<std::size_t{kDevices} * kFunctions * kPins> levels;
    };

    // Both sinks outlive the router and may be the same object. `isa` gets inputs 0 to 15, the OR of the
    // links routed there: whoever else drives those inputs has to be ORed in by the sink.
    // `gsis` gets inputs 16 to 47, which nobody else drives.
    InterruptRouter(bus::IrqSink& isa, bus::IrqSink& gsis, LinkWiring wiring);

    // The line of one function's pin; `pin` counts from 1 for INTA as in the Interrupt Pin register.
    // A pin of 0 gives a line that leads nowhere.
    bus::IrqLine line(unsigned device, unsigned function, std::uint8_t pin);

    // Takes a PIRQ route control register of the PIIX3 (bit 7: not routed; bits 3-0: ISA interrupt,
    // of which 0, 1, 2, 8 and 13 are reserved and mean not routed).
    void set_route(unsigned link, std::uint8_t pirqrc);

    // Inputs are made by line().
    void set_irq(unsigned input, bool level) override;

    const State& state() const { return state_; }
    // To be called after the ISA bridge has its registers; makes no edge.
    void load(const State& state);

    bool link_level(unsigned link) const { return link_sources_[link] != 0; }

private:
    static constexpr unsigned kSources = kDevices * kFunctions * kPins;
    static constexpr unsigned kNoRoute = kIsaIrqs;

    std::array<bool, kIsaIrqs> isa_wanted() const;
    void update_isa();

    bus::IrqSink& isa_;
    bus::IrqSink& gsis_;
    LinkWiring wiring_;
    State state_;
    std::array<unsigned, kLinks> link_sources_{};
    std::array<unsigned, kPciGsis> gsi_sources_{};
    std::array<unsigned, kLinks> routes_{kNoRoute, kNoRoute, kNoRoute, kNoRoute};
    std::array<bool, kIsaIrqs> isa_levels_{};
};

} // namespace windsor::pci
