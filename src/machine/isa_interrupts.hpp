// SPDX-License-Identifier: GPL-2.0-or-later
// ISA interrupt inputs: what devices and PCI links drive reaches both the 8259s and the I/O APIC.
#pragma once

#include "bus/irq_line.hpp"

#include <array>

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
    class Side final : public bus::IrqSink {
    public:
        explicit Side(IsaInterrupts& owner) : owner_{owner} {}
        void set_irq(unsigned input, bool level) override;
        bool level(unsigned input) const { return levels_[input]; }
        const std::array<bool, kInputs>& levels() const { return levels_; }
        void load(const std::array<bool, kInputs>& levels) { levels_ = levels; }

    private:
        IsaInterrupts& owner_;
        std::array<bool, kInputs> levels_{};
    };

    void update(unsigned input);

    bus::IrqSink& pic_;
    bus::IrqSink& ioapic_;
    Side devices_{*this};
    Side links_{*this};
};

template <typename Archive> void describe(Archive& archive, IsaInterrupts::State& state)
{
    archive.field("devices", state.devices);
    archive.field("links", state.links);
}

} // namespace windsor::machine
