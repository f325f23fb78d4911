// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a site for one device, without a machine. The test's thread has the machine lock all the time.
#pragma once

#include "chipset/slot.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace windsor::devices {

class TestSite {
public:
    base::Result<std::unique_ptr<chipset::Device>> make(const chipset::Slot& slot)
    {
        name_ = slot.path;
        place_ = slot.place;
        chipset::Site site{backplane_, place_, name_};
        auto device = slot.make(site);
        claims_ = site.take_claims();
        return device;
    }
    unsigned in(std::uint16_t port) { return static_cast<unsigned>(ports.read(base::Port{port}, bus::Width::Byte)); }
    void out(std::uint16_t port, unsigned value) { ports.write(base::Port{port}, bus::Width::Byte, value); }
    // Lets everything happen that is due, some time or other.
    void run()
    {
        while (const auto next = timers.next_deadline()) {
            clock.set(std::max(*next, clock.now()));
            timers.run_due(clock.now());
        }
    }

    struct Lines final : bus::IrqSink {
        void set_irq(unsigned input, bool level) override { levels.at(input) = level; }
        std::array<bool, 64> levels{};
    };

    base::Log log{base::Log::discard()};
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    bus::PortRouter ports{"port", log};
    bus::MmioRouter mmio{"mmio", log};
    pci::Bus pci_bus;
    Lines irqs;
    chipset::Outlets outlets;

private:
    class NoBoard final : public chipset::Mainboard {
    public:
        const bus::MachineLock& lock() const override { return lock_; }
        void init_processors() override {}
        void reset_machine() override {}
        void power_off() override {}
        void set_a20(bool) override {}
        chipset::TickState timer_tick() override { return chipset::TickState::Taken; }

        bus::MachineLock lock_;
    };

    NoBoard board_;
    bus::MachineGuard guard_{board_.lock_}; // as whoever uses devices has it
    pci::InterruptRouter pci_interrupts_{irqs, irqs, pci::LinkWiring::XenHvm};
    chipset::Backplane backplane_{.log = log,
                                  .clock = clock,
                                  .timers = timers,
                                  .mainboard = board_,
                                  .memory = memory,
                                  .ports = ports,
                                  .mmio = mmio,
                                  .isa_interrupts = irqs,
                                  .pci_bus = pci_bus,
                                  .pci_interrupts = pci_interrupts_,
                                  .pci_layer = 0,
                                  .outlets = outlets};
    std::string name_;
    chipset::Place place_;
    std::vector<bus::Claim> claims_;
};

} // namespace windsor::devices
