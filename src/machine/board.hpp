// SPDX-License-Identifier: GPL-2.0-or-later
// A machine's board: address spaces, interrupts, and slots with devices. What sits where is said elsewhere (pc.hpp).
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/router.hpp"
#include "chipset/mainboard.hpp"
#include "chipset/slot.hpp"
#include "machine/board_host.hpp"
#include "machine/interrupts.hpp"
#include "machine/named_memory.hpp"
#include "machine/ram.hpp"
#include "memory/guest_memory.hpp"
#include "pci/bus.hpp"
#include "state/records.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace windsor::machine {

// What needs no lock gives what has locks of its own, or asks for the machine lock itself.
class Board final : public chipset::Mainboard {
public:
    // All outlives the board.
    struct Parts {
        base::Log& log;
        const base::Clock& clock;
        base::TimerQueue& timers;
        BoardHost& host;
    };

    // With RAM of so many bytes, and nothing in its slots. Fails if the host has not that much memory.
    static base::Result<std::unique_ptr<Board>> create(const Parts& parts, std::uint64_t memory, unsigned processors);
    ~Board() override;
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    // Makes the devices of the slots, in that order. It is also the order of their reset and of their records in a
    // saved state: what lines lead to comes before what drives them. A board of which a slot has failed is of no use.
    base::Status plug(std::span<const chipset::Slot> slots) WINDSOR_REQUIRES(bus::kMachineLock);

    // Which ends just below 4 GiB. Before the slots.
    void install_firmware(Rom rom);

    memory::GuestMemory& memory() { return memory_; }
    memory::Block& low_ram() { return *ram_.low; }
    const Rom& firmware() const { return firmware_; }
    bus::PortRouter& ports() { return ports_; }
    bus::MmioRouter& mmio() { return mmio_; }
    Interrupts& interrupts() { return interrupts_; }
    pci::Bus& pci_bus() { return pci_bus_; }
    // What the devices offer.
    const chipset::Outlets& outlets() const { return outlets_; }

    // The processor has taken an interrupt.
    void interrupt_taken() WINDSOR_REQUIRES(bus::kMachineLock);

    // Power-on state of every device.
    void reset() WINDSOR_REQUIRES(bus::kMachineLock);

    // A device that has asked the world for something cannot be saved.
    bool busy() WINDSOR_REQUIRES(bus::kMachineLock);
    // The records of all devices; memory is apart. The processor is told of what was due (Interrupts::drive()).
    base::Status save(state::StreamWriter& to) WINDSOR_REQUIRES(bus::kMachineLock);
    // Into a fresh board, with the clock as it was.
    base::Status load(state::Records& from) WINDSOR_REQUIRES(bus::kMachineLock);
    // RAM, and the devices' memory.
    std::vector<NamedMemory> saved_memory();
    // The paths of the slots, in their order.
    std::vector<std::string> devices() const;

    // Has all devices let go of what belongs to the world.
    void release_world() WINDSOR_REQUIRES(bus::kMachineLock);

    // chipset::Mainboard
    const bus::MachineLock& lock() const override { return host_.lock(); }
    // The PIIX3 raises INIT, upon the keyboard controller's pulse, port 92h, CF9h = 04h or the processor's shutdown
    // cycle: the BIOS finds in CMOS what to do then. 82371SB PIIX3 datasheet, "RCIN#", "INIT" and the reset control
    // register. If CMOS says nothing (0), the BIOS would test and set up the whole machine; that is a reset, which the
    // machine's owner has a say in.
    void init_processors() override;
    void reset_machine() override;
    void power_off() override;
    void set_a20(bool open) override;
    chipset::TickState timer_tick() override;

private:
    struct Plugged {
        std::string path;
        std::unique_ptr<chipset::Device> device;
        std::vector<bus::Claim> claims; // end before the device does
    };

    Board(const Parts& parts, unsigned processors);

    BoardHost& host_;
    memory::GuestMemory memory_;
    bus::PortRouter ports_;
    bus::MmioRouter mmio_;
    Ram ram_;
    Rom firmware_;
    Interrupts interrupts_;
    pci::Bus pci_bus_;
    chipset::Outlets outlets_;
    chipset::Backplane backplane_;
    std::vector<Plugged> devices_;
};

} // namespace windsor::machine
