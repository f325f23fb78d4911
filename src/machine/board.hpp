// SPDX-License-Identifier: GPL-2.0-or-later
// The board: every chip, where it sits, and what is wired to what.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/router.hpp"
#include "devices/acpi_pm/power_management.hpp"
#include "devices/dma/dma.hpp"
#include "devices/fw_debug/debug_port.hpp"
#include "devices/i440fx/host_bridge.hpp"
#include "devices/i8042/i8042.hpp"
#include "devices/i8042/system_control_port_a.hpp"
#include "devices/ide/controller.hpp"
#include "devices/ioapic/ioapic.hpp"
#include "devices/pic/pic.hpp"
#include "devices/piix3/isa_bridge.hpp"
#include "devices/pit/pit.hpp"
#include "devices/rtc/rtc.hpp"
#include "devices/uart/uart16550.hpp"
#include "devices/vga/pci_function.hpp"
#include "devices/vga/vga.hpp"
#include "firmware/fw_cfg.hpp"
#include "machine/board_host.hpp"
#include "machine/engine_apics.hpp"
#include "machine/isa_interrupts.hpp"
#include "machine/machine.hpp"
#include "machine/needs.hpp"
#include "machine/ram.hpp"
#include "machine/socket.hpp"
#include "memory/guest_memory.hpp"
#include "pci/bus.hpp"
#include "pci/interrupt_router.hpp"
#include "state/records.hpp"

#include <map>

namespace windsor::machine {

// All of it is used under the machine lock.
class Board final : public pci::BarTarget {
public:
    // Everything given outlives the board.
    static base::Result<std::unique_ptr<Board>> create(const Options& options, base::Log& log, const base::Clock& clock,
                                                       base::TimerQueue& timers, BoardHost& host, const Executor& executor);
    ~Board() override;

    memory::GuestMemory& memory() { return memory_; }
    bus::Router& ports() { return ports_; }
    bus::Router& mmio() { return mmio_; }
    devices::pic::Pic& pic() { return pic_; }
    // One for each processor.
    std::vector<std::unique_ptr<Socket>>& sockets() { return sockets_; }
    bool a20_open() const { return a20_.enabled(); }
    devices::Screen& screen() { return *vga_; }
    devices::i8042::I8042& keyboard_and_mouse() { return i8042_; }
    devices::uart::Uart16550& uart() { return uart_; }
    devices::rtc::Rtc& rtc() { return rtc_; }
    // Null without ACPI.
    devices::acpi_pm::PowerManagement* power_management() { return power_.get(); }

    // The processor has taken an interrupt.
    void interrupt_taken() { pit_.interrupt_taken(); }

    // Engines with local APICs of their own are in charge of them from here on, until take_back(); nothing happens with
    // others. They stand still, both times. An engine's APIC then tells of an interrupt's end.
    void hand_out_apics(std::span<vcpu::Engine* const> engines);
    void take_back_apics() { engine_apics_.take_back(); }
    void interrupt_ended(std::uint8_t vector);

    // Power-on state of every chip.
    void reset();

    // A request to a medium is under way: such a board cannot be saved.
    bool media_busy() { return ide_.media_busy(); }
    // The drives and the sizes of their media.
    std::vector<NeededDrive> drives() const { return drives_; }
    // A record for each chip; memory is apart. The processor is told of what was due (drive_interrupt()).
    base::Status save(state::StreamWriter& to);
    // Into a fresh board, with the clock as it was.
    base::Status load(state::Records& from);
    void drive_interrupts();
    struct NamedMemory {
        std::string name;
        memory::Block* block;
    };
    // RAM and video memory.
    std::vector<NamedMemory> saved_memory();

    // Unplugs all drives.
    void release_media();

private:
    struct Discard final : devices::CharacterSink {
        void transmit(std::uint8_t) override {}
        void input_wanted() override {}
    };

    Board(const Options& options, base::Log& log, const base::Clock& clock, base::TimerQueue& timers, BoardHost& host);

    base::Status load_memory(const Options& options);
    base::Status attach_drives(const Options& options, const Executor& executor);
    void claim_isa_ports();
    base::Status build_pci(const Options& options, const base::Clock& clock, base::TimerQueue& timers);
    void build_power_management(const base::Clock& clock, base::TimerQueue& timers);
    void fill_fw_cfg(const Options& options);
    void add_pci(unsigned device, unsigned number, pci::Function& function);
    bool deliver(const devices::lapic::Message& message);
    devices::TickState timer_tick_state() const;
    void debug_line(std::string_view line);
    template <typename Visit> base::Status visit(Visit visit);
    template <typename Visit> base::Status visit_drive(Visit visit, unsigned slot);

    // pci::BarTarget
    void bar_mapped(pci::Function& function, unsigned index, std::uint64_t base, std::uint64_t size) override;
    void bar_unmapped(pci::Function& function, unsigned index, std::uint64_t base, std::uint64_t size) override;

    base::Log& log_;
    BoardHost& host_;
    std::vector<NeededDrive> drives_;
    Discard discard_;
    memory::GuestMemory memory_;
    bus::Router ports_;
    bus::Router mmio_;
    Ram ram_;
    Rom bios_;
    devices::lapic::ApicBus apic_bus_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    devices::ioapic::IoApic ioapic_;
    EngineApics engine_apics_;
    struct PicOutput final : bus::IrqSink {
        explicit PicOutput(const std::vector<std::unique_ptr<Socket>>& sockets) : sockets_{sockets} {}
        void set_irq(unsigned, bool level) override
        {
            for (const auto& socket : sockets_) {
                socket->set_pic_output(level);
            }
        }
        const std::vector<std::unique_ptr<Socket>>& sockets_;
    } pic_output_;
    devices::pic::Pic pic_;
    IsaInterrupts isa_interrupts_;
    pci::InterruptRouter pci_interrupts_;
    pci::Bus pci_bus_;
    std::unique_ptr<devices::i440fx::PamMapper> pam_;
    std::unique_ptr<devices::i440fx::HostBridge> host_bridge_;
    devices::piix3::IsaBridge isa_bridge_;
    devices::piix3::ResetControl reset_control_;
    devices::ide::Controller ide_;
    std::unique_ptr<devices::acpi_pm::PowerManagement> power_;
    std::optional<std::uint16_t> pm_base_;
    std::optional<std::uint16_t> smbus_base_;
    devices::rtc::Rtc rtc_;
    devices::pit::Pit pit_;
    devices::pit::SystemControlPort system_control_;
    devices::dma::Dma dma_;
    devices::i8042::A20Gate a20_;
    devices::i8042::I8042 i8042_;
    devices::i8042::SystemControlPortA system_control_a_;
    devices::uart::Uart16550 uart_;
    std::unique_ptr<devices::vga::Vga> vga_;
    std::unique_ptr<devices::vga::PciFunction> vga_function_;
    devices::fw_debug::DebugPort seabios_debug_;
    devices::fw_debug::DebugPort port_e9_;
    firmware::FwCfg fw_cfg_;
};

} // namespace windsor::machine
