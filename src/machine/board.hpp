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
#include "devices/piix3/numeric_error.hpp"
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

// What needs no lock gives what has locks of its own, or asks for the machine lock itself.
class Board final {
public:
    // Everything given outlives the board.
    static base::Result<std::unique_ptr<Board>> create(const Options& options, base::Log& log, const base::Clock& clock,
                                                       base::TimerQueue& timers, BoardHost& host,
                                                       const Executor& executor) WINDSOR_REQUIRES(bus::kMachineLock);
    ~Board();

    memory::GuestMemory& memory() { return memory_; }
    bus::Router& ports() { return ports_; }
    bus::Router& mmio() { return mmio_; }
    devices::pic::Pic& pic() WINDSOR_REQUIRES(bus::kMachineLock) { return pic_; }
    // One for each processor.
    std::vector<std::unique_ptr<Socket>>& sockets() WINDSOR_REQUIRES(bus::kMachineLock) { return sockets_; }
    bool a20_open() const WINDSOR_REQUIRES(bus::kMachineLock) { return a20_.enabled(); }
    backend::Screen& screen() { return *vga_; }
    backend::Keyboard& keyboard() { return i8042_; }
    backend::Pointer& mouse() { return i8042_; }
    devices::uart::Uart16550& uart() WINDSOR_REQUIRES(bus::kMachineLock) { return uart_; }
    devices::rtc::Rtc& rtc() WINDSOR_REQUIRES(bus::kMachineLock) { return rtc_; }
    devices::piix3::NumericError& numeric_error() WINDSOR_REQUIRES(bus::kMachineLock) { return numeric_error_; }
    // Null without ACPI.
    devices::acpi_pm::PowerManagement* power_management() WINDSOR_REQUIRES(bus::kMachineLock) { return power_.get(); }

    // The processor has taken an interrupt.
    void interrupt_taken() WINDSOR_REQUIRES(bus::kMachineLock) { pit_.interrupt_taken(); }

    // Engines with local APICs of their own are in charge of them from here on, until take_back(); nothing happens with
    // others. They stand still, both times. An engine's APIC then tells of an interrupt's end.
    void hand_out_apics(std::span<vcpu::Engine* const> engines) WINDSOR_REQUIRES(bus::kMachineLock);
    void take_back_apics() WINDSOR_REQUIRES(bus::kMachineLock) { engine_apics_.take_back(); }
    void interrupt_ended(std::uint8_t vector) WINDSOR_REQUIRES(bus::kMachineLock);

    // Power-on state of every chip.
    void reset() WINDSOR_REQUIRES(bus::kMachineLock);
    // The PIIX3 raises INIT, upon the keyboard controller's pulse, port 92h, CF9h = 04h or the processor's shutdown
    // cycle: the processors begin anew, memory and chips stay as they are, and the BIOS finds in CMOS what to do then.
    // 82371SB PIIX3 datasheet, "RCIN#", "INIT" and the reset control register. If CMOS says nothing (0), the BIOS would
    // test and set up the whole machine; that is a reset, which the machine's owner has a say in.
    void reset_processors() WINDSOR_REQUIRES(bus::kMachineLock);

    // A request to a medium is under way: such a board cannot be saved.
    bool media_busy() WINDSOR_REQUIRES(bus::kMachineLock) { return ide_.media_busy(); }
    // The drives and the sizes of their media.
    std::vector<NeededDrive> drives() const { return drives_; }
    // A record for each chip; memory is apart. The processor is told of what was due (drive_interrupt()).
    base::Status save(state::StreamWriter& to) WINDSOR_REQUIRES(bus::kMachineLock);
    // Into a fresh board, with the clock as it was.
    base::Status load(state::Records& from) WINDSOR_REQUIRES(bus::kMachineLock);
    void drive_interrupts() WINDSOR_REQUIRES(bus::kMachineLock);
    struct NamedMemory {
        std::string name;
        memory::Block* block;
    };
    // RAM and video memory.
    std::vector<NamedMemory> saved_memory();

    // Unplugs all drives.
    void release_media() WINDSOR_REQUIRES(bus::kMachineLock);

private:
    struct Discard final : backend::CharacterSink {
        void transmit(std::uint8_t) override {}
        void input_wanted() override {}
    };

    Board(const Options& options, base::Log& log, const base::Clock& clock, base::TimerQueue& timers, BoardHost& host);

    // For callbacks of chips: whoever reaches a chip holds the lock.
    void assert_locked() const WINDSOR_ASSERT_CAPABILITY(bus::kMachineLock) { host_.lock().assert_held(); }
    base::Status load_memory(const Options& options);
    base::Status attach_drives(const Options& options, const Executor& executor);
    void claim_isa_ports() WINDSOR_REQUIRES(bus::kMachineLock);
    base::Status build_pci(const Options& options, const base::Clock& clock, base::TimerQueue& timers)
        WINDSOR_REQUIRES(bus::kMachineLock);
    void build_power_management(const base::Clock& clock, base::TimerQueue& timers)
        WINDSOR_REQUIRES(bus::kMachineLock);
    void fill_fw_cfg(const Options& options);
    void add_pci(unsigned device, unsigned number, pci::Function& function);
    bool deliver(const devices::lapic::Message& message) WINDSOR_REQUIRES(bus::kMachineLock);
    devices::TickState timer_tick_state() const WINDSOR_REQUIRES(bus::kMachineLock);
    void debug_line(std::string_view line);
    template <typename Visit> base::Status visit(Visit visit) WINDSOR_REQUIRES(bus::kMachineLock);
    template <typename Visit> base::Status visit_drive(Visit visit, unsigned slot);

    base::Log& log_;
    BoardHost& host_;
    std::vector<NeededDrive> drives_;
    Discard discard_;
    memory::GuestMemory memory_;
    bus::Router ports_;
    bus::Router mmio_;
    Ram ram_;
    std::shared_ptr<const FirmwareFiles> firmware_;
    Rom bios_;
    devices::lapic::ApicBus apic_bus_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    devices::ioapic::IoApic ioapic_;
    EngineApics engine_apics_;
    struct PicOutput final : bus::IrqSink {
        PicOutput(const std::vector<std::unique_ptr<Socket>>& sockets, BoardHost& host) : sockets_{sockets}, host_{host}
        {
        }
        void set_irq(unsigned, bool level) override
        {
            host_.lock().assert_held();
            for (const auto& socket : sockets_) {
                socket->set_pic_output(level);
            }
        }
        const std::vector<std::unique_ptr<Socket>>& sockets_;
        BoardHost& host_;
    } pic_output_;
    devices::pic::Pic pic_;
    IsaInterrupts isa_interrupts_;
    pci::InterruptRouter pci_interrupts_;
    pci::Bus pci_bus_;
    std::unique_ptr<devices::i440fx::PamMapper> pam_;
    std::unique_ptr<devices::i440fx::HostBridge> host_bridge_;
    devices::piix3::IsaBridge isa_bridge_;
    devices::piix3::ResetControl reset_control_;
    devices::piix3::NumericError numeric_error_;
    devices::ide::Controller ide_;
    std::unique_ptr<devices::acpi_pm::PowerManagement> power_;
    std::optional<std::uint16_t> pm_base_;
    bus::Claim pm_ports_;
    bus::Claim smbus_ports_;
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
    std::vector<bus::Claim> claims_;
};

} // namespace windsor::machine
