// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82540EM gigabit Ethernet controller: PCI function 8086:100e with its registers.
#pragma once

#include "backend/network_link.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "devices/e1000/eeprom.hpp"
#include "devices/e1000/interrupts.hpp"
#include "devices/e1000/phy.hpp"
#include "devices/e1000/receiver.hpp"
#include "devices/e1000/registers.hpp"
#include "devices/e1000/statistics.hpp"
#include "devices/e1000/transmitter.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace windsor::devices::e1000 {

// The guest sends from within its own accesses, unless it has so much to send at once that a timer does the rest.
class E1000 final : public pci::Function, public backend::NetworkCard, private FrameSink {
public:
    struct State {
        pci::Function::State pci{};
        Registers registers{};
        Eeprom::State eeprom{};
        Phy::State phy{};
        Statistics::State statistics{};
        Interrupts::State interrupts{};
        Transmitter::State transmitter{};
        Receiver::State receiver{};
        bool link_up{false};         // STATUS.LU as it was last
        std::uint32_t io_address{0}; // IOADDR
    };

    struct Options {
        backend::MacAddress mac{};
        backend::NetworkLink* link{nullptr}; // outlives the chip; none: nobody at the other end of the cable
        std::unique_ptr<memory::Block> rom{}; // of a power of two of pages; may be none
    };

    // All outlive the chip.
    E1000(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory, Options options);

    // The ranges that its base address registers place.
    bus::AccessHandler& memory_registers() { return memory_registers_; }
    bus::AccessHandler& io_registers() { return io_registers_; }

    bool receive(std::span<const std::uint8_t> frame) override WINDSOR_REQUIRES(bus::kMachineLock);
    void set_carrier(bool present) override WINDSOR_REQUIRES(bus::kMachineLock);

    // Brings the state up to the present; interrupts that are due come.
    void settle();
    State state() const;
    void load(const State& state);

private:
    class MemoryRegisters final : public bus::AccessHandler {
    public:
        explicit MemoryRegisters(E1000& chip) : chip_{chip} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override WINDSOR_REQUIRES(bus::kMachineLock);
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
            WINDSOR_REQUIRES(bus::kMachineLock);

    private:
        E1000& chip_;
    };
    class IoRegisters final : public bus::AccessHandler {
    public:
        explicit IoRegisters(E1000& chip) : chip_{chip} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override WINDSOR_REQUIRES(bus::kMachineLock);
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
            WINDSOR_REQUIRES(bus::kMachineLock);

    private:
        E1000& chip_;
    };

    // The bus calls both with the machine lock held, but the analysis of locks does not follow it there.
    void config_written(unsigned offset, unsigned width) override WINDSOR_NO_LOCK_ANALYSIS;
    void device_reset() override WINDSOR_NO_LOCK_ANALYSIS;
    void frame_sent(std::span<const std::uint8_t> frame) override WINDSOR_REQUIRES(bus::kMachineLock);

    // Of aligned dwords below kMemorySize; registers that there are not read as zero.
    std::uint32_t read_register(std::uint32_t offset);
    void write_register(std::uint32_t offset, std::uint32_t value) WINDSOR_REQUIRES(bus::kMachineLock);
    // Registers that are more than what was last written. False if it is none of them.
    bool write_special(std::uint32_t offset, std::uint32_t value) WINDSOR_REQUIRES(bus::kMachineLock);
    bool write_interrupts(std::uint32_t offset, std::uint32_t value);
    // What follows from a plain register's new value.
    void written(std::uint32_t offset, std::uint32_t value) WINDSOR_REQUIRES(bus::kMachineLock);
    std::uint32_t status() const;
    void write_ctrl(std::uint32_t value);
    void write_ctrl_ext(std::uint32_t value);
    void write_mdic(std::uint32_t value);
    void write_eerd(std::uint32_t value);

    // Whether frames move at all.
    bool can_move() const { return is_awake(*this) && bus_master(); }
    bool receives() const { return can_move() && (registers_.rctl & rctl::kEnable) != 0; }
    bool transmits() const { return can_move() && (registers_.tctl & tctl::kEnable) != 0; }
    bool loops_back() const { return phy_.loopback() || (registers_.rctl & rctl::kLoopback) != 0; }

    void reset_controller();
    void reset_units();
    void reset_by_software();
    void transmit() WINDSOR_REQUIRES(bus::kMachineLock);
    // Tells the link if a frame that it had to keep has room now.
    void ask_for_input() WINDSOR_REQUIRES(bus::kMachineLock);
    void settle_link();
    void update_link();
    void arm_link_timer();

    const base::Clock& clock_;
    backend::NetworkLink* link_;
    std::unique_ptr<memory::Block> rom_;
    Registers registers_;
    Eeprom eeprom_;
    Phy phy_;
    Statistics statistics_;
    Interrupts interrupts_;
    Transmitter transmitter_;
    Receiver receiver_;
    bool link_up_{false};
    std::uint32_t io_address_{0};
    base::Timer link_timer_;
    base::Timer transmit_timer_;
    MemoryRegisters memory_registers_{*this};
    IoRegisters io_registers_{*this};
};

} // namespace windsor::devices::e1000
