// SPDX-License-Identifier: GPL-2.0-or-later
// ISA interrupt inputs: what devices and PCI links drive reaches both the 8259s and the I/O APIC.
#pragma once

#include "bus/irq_line.hpp"

#include <array>
#include <cstdint>

namespace windsor::machine {

class IsaInterrupts {
public:
    static constexpr unsigned kInputs = 16;
    // The timer's interrupt enters the I/O APIC at input 2, as the MADT says; the cascade has no input there.
    static constexpr unsigned kTimerIoApicInput = 2;

    // Who asserts each input; what the controllers make of it is theirs.
    struct State {
        std::array<bool, kInputs> devices{};
        std::array<bool, kInputs> links{};
    };

    // Both sinks outlive the wiring; the I/O APIC is asked by its input numbers.
    IsaInterrupts(bus::IrqSink& pic, bus::IrqSink& ioapic) : pic_{pic}, ioapic_{ioapic} {}

    // Where ISA devices put their lines, and where the PIRQ links lead. An input carries the OR of both.
    bus::IrqSink& devices() { return devices_; }
    bus::IrqSink& links() { return links_; }
    bus::IrqLine line(unsigned input) { return {devices_, input}; }

    State state() const { return {devices_.levels(), links_.levels()}; }
    // Makes no edge.
    void load(const State& state)
    {
        devices_.load(state.devices);
        links_.load(state.links);
    }

private:
    // Whether an input of a side has several who drive it, of whom each tells of changes alone.
    enum class Drivers : std::uint8_t { One, Several };

    // COM1 and COM3 share an input, and COM2 and COM4. How many assert one is not in a saved state: after a load it is
    // taken for one, and at the worst an input falls before the last of them has let go, to rise again with the next.
    class Side final : public bus::IrqSink {
    public:
        Side(IsaInterrupts& owner, Drivers drivers) : owner_{owner}, drivers_{drivers} {}
        void set_irq(unsigned input, bool level) override;
        bool level(unsigned input) const { return asserted_[input] != 0; }
        std::array<bool, kInputs> levels() const;
        void load(const std::array<bool, kInputs>& levels);

    private:
        IsaInterrupts& owner_;
        Drivers drivers_;
        std::array<unsigned, kInputs> asserted_{}; // by how many
    };

    void update(unsigned input);

    bus::IrqSink& pic_;
    bus::IrqSink& ioapic_;
    Side devices_{*this, Drivers::Several};
    Side links_{*this, Drivers::One};
};

template <typename Archive> void describe(Archive& archive, IsaInterrupts::State& state)
{
    archive.field("devices", state.devices);
    archive.field("links", state.links);
}

} // namespace windsor::machine
