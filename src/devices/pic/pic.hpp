// SPDX-License-Identifier: GPL-2.0-or-later
// The PC's pair of cascaded 8259As with the PIIX3's edge/level control registers.
#pragma once

#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "devices/pic/i8259.hpp"

#include <cstdint>

namespace windsor::devices::pic {

class Pic final : public bus::IrqSink {
public:
    struct State {
        I8259::State master;
        I8259::State slave;
    };

    // `intr` follows the master's INT pin.
    explicit Pic(bus::IrqLine intr = {});
    Pic(const Pic&) = delete;
    Pic& operator=(const Pic&) = delete;

    // ISA inputs 0 to 15; input 2 is the cascade and others are ignored.
    void set_irq(unsigned input, bool level) override;

    // The master's INT pin.
    bool output() const { return master_.output(); }
    // The processor's INTA cycles; gives the vector, input 7's of the chip asked if nothing asks any more.
    std::uint8_t acknowledge();

    // Power-on state; the input lines keep their levels.
    void reset();

    bus::AccessHandler& master_ports() { return master_ports_; } // 2 ports, at 0x20
    bus::AccessHandler& slave_ports() { return slave_ports_; }   // 2 ports, at 0xa0
    bus::AccessHandler& elcr_ports() { return elcr_ports_; }     // 2 ports, at 0x4d0

    State state() const;
    const I8259::State& master() const { return master_.state(); }
    void load(const State& state);

private:
    class ChipPorts final : public bus::AccessHandler {
    public:
        ChipPorts(Pic& pic, I8259& chip) : pic_{pic}, chip_{chip} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Pic& pic_;
        I8259& chip_;
    };
    class ElcrPorts final : public bus::AccessHandler {
    public:
        explicit ElcrPorts(Pic& pic) : pic_{pic} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Pic& pic_;
    };

    // Carries the slave's pin to the master and the master's to the processor.
    void update();

    I8259 master_{kCascade};
    I8259 slave_;
    bus::IrqLine intr_;
    ChipPorts master_ports_{*this, master_};
    ChipPorts slave_ports_{*this, slave_};
    ElcrPorts elcr_ports_{*this};
};

} // namespace windsor::devices::pic
