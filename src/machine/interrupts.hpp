// SPDX-License-Identifier: GPL-2.0-or-later
// All that lies between the interrupt lines of devices and the processors: PIRQ links, ISA inputs, the 8259s, the I/O
// APIC and the local APICs.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"
#include "chipset/missed_ticks.hpp"
#include "chipset/slot.hpp"
#include "devices/ioapic/ioapic.hpp"
#include "devices/pic/pic.hpp"
#include "machine/board_host.hpp"
#include "machine/engine_apics.hpp"
#include "machine/isa_interrupts.hpp"
#include "machine/socket.hpp"
#include "pci/interrupt_router.hpp"

#include <memory>
#include <span>
#include <vector>

namespace windsor::machine {

class Interrupts {
public:
    // All given outlives it. At least one processor.
    Interrupts(unsigned processors, base::Log& log, const base::Clock& clock, base::TimerQueue& timers,
               BoardHost& host);
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    // Where devices put their lines.
    bus::IrqSink& isa() { return isa_.devices(); }
    pci::InterruptRouter& pci() { return pci_; }

    devices::pic::Pic& pic() WINDSOR_REQUIRES(bus::kMachineLock) { return pic_; }
    devices::ioapic::IoApic& ioapic() WINDSOR_REQUIRES(bus::kMachineLock) { return ioapic_; }
    // One for each processor.
    std::vector<std::unique_ptr<Socket>>& sockets() WINDSOR_REQUIRES(bus::kMachineLock) { return sockets_; }

    // The devices that they are, for a machine's slots: the local APICs with their bus, and the ISA inputs.
    chipset::Make local_apics();
    chipset::Make isa_inputs();

    // Engines with local APICs of their own are in charge of them from here on, until take_back(); nothing happens with
    // others. They stand still, both times. An engine's APIC then tells of an interrupt's end.
    void hand_out(std::span<vcpu::Engine* const> engines) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        engine_apics_.hand_out(engines);
    }
    void take_back() WINDSOR_REQUIRES(bus::kMachineLock) { engine_apics_.take_back(); }
    void ended(std::uint8_t vector) WINDSOR_REQUIRES(bus::kMachineLock);

    // Tells the processors again of what waits.
    void drive() WINDSOR_REQUIRES(bus::kMachineLock);
    // INIT to all processors.
    void init_processors() WINDSOR_REQUIRES(bus::kMachineLock);
    // Of IRQ 0, at whichever controller the guest has it unmasked.
    chipset::TickState timer_tick() const WINDSOR_REQUIRES(bus::kMachineLock);

private:
    // The 8259s' output goes to all processors.
    struct PicOutput final : bus::IrqSink {
        PicOutput(const std::vector<std::unique_ptr<Socket>>& sockets, BoardHost& host) : sockets_{sockets}, host_{host}
        {
        }
        void set_irq(unsigned input, bool level) override;

        const std::vector<std::unique_ptr<Socket>>& sockets_;
        BoardHost& host_;
    };

    bool deliver(const devices::lapic::Message& message) WINDSOR_REQUIRES(bus::kMachineLock);

    BoardHost& host_;
    devices::lapic::ApicBus apic_bus_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    devices::ioapic::IoApic ioapic_;
    EngineApics engine_apics_;
    PicOutput pic_output_;
    devices::pic::Pic pic_;
    IsaInterrupts isa_;
    pci::InterruptRouter pci_;
};

} // namespace windsor::machine
