// SPDX-License-Identifier: GPL-2.0-or-later
// What a device finds in its slot.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"
#include "bus/irq_line.hpp"
#include "bus/router.hpp"
#include "chipset/mainboard.hpp"
#include "chipset/outlets.hpp"
#include "memory/guest_memory.hpp"
#include "pci/bus.hpp"
#include "pci/interrupt_router.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windsor::chipset {

struct PciPlace {
    unsigned device{0};
    unsigned function{0};
};

struct Place {
    std::vector<std::uint16_t> ports{}; // of fixed ranges, their first ports
    std::vector<std::uint64_t> mmio{};  // and their addresses
    std::vector<unsigned> irqs{};       // ISA interrupts
    std::optional<PciPlace> pci{};
};

// What the slots of a machine share. All outlives its devices.
struct Backplane {
    base::Log& log;
    const base::Clock& clock;
    base::TimerQueue& timers;
    Mainboard& mainboard;
    memory::GuestMemory& memory;
    bus::PortRouter& ports;
    bus::MmioRouter& mmio;
    bus::IrqSink& isa_interrupts; // inputs 0 to 15
    pci::Bus& pci_bus;
    pci::InterruptRouter& pci_interrupts;
    int pci_layer; // of the memory that PCI functions place
    Outlets& outlets;
};

// A device is made in its site, with the machine lock held, and keeps no reference to it.
class Site {
public:
    Site(const Backplane& backplane, const Place& place, const std::string& name)
        : backplane_{backplane}, place_{place}, name_{name}
    {
    }

    base::Log& log() const { return backplane_.log; }
    const base::Clock& clock() const { return backplane_.clock; }
    base::TimerQueue& timers() const { return backplane_.timers; }
    Mainboard& mainboard() const { return backplane_.mainboard; }
    memory::GuestMemory& memory() const { return backplane_.memory; }
    Outlets& outlets() const { return backplane_.outlets; }
    bus::PortRouter& ports() const { return backplane_.ports; }
    pci::Bus& pci_bus() const { return backplane_.pci_bus; }
    pci::InterruptRouter& pci_interrupts() const { return backplane_.pci_interrupts; }

    // The slot's ISA interrupts by number; one that it does not name leads nowhere.
    bus::IrqLine irq(unsigned number) const;
    // Has the handler answer the slot's range of that number, as long as the device is in it. Nothing happens if the
    // slot has none.
    void claim_ports(unsigned number, std::uint64_t size, bus::AccessHandler& handler);
    void claim_mmio(unsigned number, std::uint64_t size, bus::AccessHandler& handler);
    // Puts the function where the slot says, with its ranges and its interrupt. Fails if that place is taken.
    base::Status plug(pci::Function& function);

    // What the device's slot holds for it.
    std::vector<bus::Claim> take_claims() { return std::move(claims_); }

private:
    const Backplane& backplane_;
    const Place& place_;
    const std::string& name_;
    std::vector<bus::Claim> claims_;
};

} // namespace windsor::chipset
