// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/board.hpp"

#include "devices/ide/cdrom.hpp"
#include "devices/ide/hard_disk.hpp"
#include "machine/cmos_setup.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace windsor::machine {

namespace {

using namespace devices;

constexpr unsigned kIoApicPins = 48;

std::vector<std::unique_ptr<Socket>> make_sockets(unsigned count, const Socket::Parts& parts)
{
    std::vector<std::unique_ptr<Socket>> sockets;
    for (unsigned number = 0; number < count; ++number) {
        sockets.push_back(std::make_unique<Socket>(number, parts));
    }
    return sockets;
}

} // namespace

Board::Board(const Options& options, base::Log& log, const base::Clock& clock, base::TimerQueue& timers,
             BoardHost& host)
    : log_{log}, host_{host}, ports_{"port", log}, mmio_{"mmio", log},
      sockets_{make_sockets(options.processors,
                            {.log = log, .clock = clock, .timers = timers, .bus = apic_bus_, .host = host})},
      ioapic_{kIoApicPins, [this](const lapic::Message& message) { return assert_locked(), deliver(message); }},
      engine_apics_{sockets_, ioapic_, IsaInterrupts::kTimerIoApicInput, clock, log}, pic_output_{sockets_, host},
      pic_{bus::IrqLine{pic_output_, 0}}, isa_interrupts_{pic_, ioapic_},
      pci_interrupts_{isa_interrupts_.links(), ioapic_, pci::LinkWiring::Seabios}, isa_bridge_{pci_interrupts_},
      reset_control_{[this](piix3::ResetKind kind) {
          assert_locked();
          kind == piix3::ResetKind::Hard ? host_.request(Event::Reset) : reset_processors();
      }},
      numeric_error_{isa_interrupts_.line(piix3::kNumericErrorIrq)},
      ide_{isa_interrupts_.line(ide::kInterrupts[0]), isa_interrupts_.line(ide::kInterrupts[1]), memory_},
      rtc_{clock,
           timers,
           isa_interrupts_.line(8),
           {.base_seconds = options.rtc_base_seconds, .missed = options.missed_ticks}},
      pit_{clock,
           timers,
           isa_interrupts_.line(0),
           {.missed = options.missed_ticks, .tick_state = [this] { return assert_locked(), timer_tick_state(); }}},
      system_control_{pit_, clock}, dma_{memory_}, a20_{[this](bool open) { assert_locked(), host_.set_a20(open); }},
      i8042_{clock,
             timers,
             a20_,
             {.irq1 = isa_interrupts_.line(1),
              .irq12 = isa_interrupts_.line(12),
              .system_reset = [this] { assert_locked(), reset_processors(); }}},
      system_control_a_{a20_, [this] { assert_locked(), reset_processors(); }},
      uart_{clock, timers, isa_interrupts_.line(4), options.serial != nullptr ? *options.serial : discard_},
      seabios_debug_{[this](std::string_view line) { debug_line(line); }},
      port_e9_{[this](std::string_view line) { debug_line(line); }}, fw_cfg_{memory_}
{
    apic_bus_.on_end_of_interrupt([this](std::uint8_t vector) { ioapic_.end_of_interrupt(vector); });
    ioapic_.on_entry_changed([this] { assert_locked(), engine_apics_.entry_changed(); });
}

Board::~Board() = default;

base::Result<std::unique_ptr<Board>> Board::create(const Options& options, base::Log& log, const base::Clock& clock,
                                                   base::TimerQueue& timers, BoardHost& host, const Executor& executor)
{
    std::unique_ptr<Board> board{new Board{options, log, clock, timers, host}};
    WINDSOR_TRY(board->load_memory(options));
    WINDSOR_TRY(board->attach_drives(options, executor));
    board->claim_isa_ports();
    WINDSOR_TRY(board->build_pci(options, clock, timers));
    fill_cmos(board->rtc_, {.memory = options.memory, .boot = options.boot, .processors = options.processors});
    board->fill_fw_cfg(options);
    return board;
}

base::Status Board::load_memory(const Options& options)
{
    ram_ = WINDSOR_TRY(Ram::create(options.memory, memory_));
    firmware_ = options.firmware;
    if (firmware_ == nullptr) {
        firmware_ = std::make_shared<FirmwareFiles>(WINDSOR_TRY(FirmwareFiles::read(options.bios, options.vga_bios)));
    }
    bios_ = WINDSOR_TRY(Rom::of(firmware_->bios));
    bios_.map_below_4g(memory_);
    pam_ = std::make_unique<i440fx::PamMapper>(memory_, i440fx::PamMapper::Options{.ram = ram_.low.get(),
                                                                                   .rom = bios_.block.get(),
                                                                                   .rom_size = bios_.size,
                                                                                   .layer = kPamLayer,
                                                                                   .smram_layer = kSmramLayer});
    return {};
}

base::Status Board::attach_drives(const Options& options, const Executor& executor)
{
    for (const DriveOptions& drive : options.drives) {
        std::shared_ptr<backend::BlockMedia> media;
        if (drive.open_media) {
            media = WINDSOR_TRY(drive.open_media(executor));
        }
        const std::string name = drive_name(drive.slot);
        drives_.push_back({.slot = static_cast<std::uint8_t>(drive.slot),
                           .cdrom = drive.cdrom,
                           .size = media ? media->size_bytes() : 0});
        if (drive.cdrom) {
            ide::CdRom::Config config{.name = name};
            config.media = std::move(media);
            ide_.attach(drive.slot, std::make_unique<ide::CdRom>(std::move(config)));
        } else {
            ide::HardDisk::Config config{.name = name, .media = std::move(media)};
            if (!drive.serial.empty()) {
                config.serial = drive.serial;
            }
            ide_.attach(drive.slot, std::make_unique<ide::HardDisk>(std::move(config)));
        }
    }
    return {};
}

void Board::claim_isa_ports()
{
    claims_.push_back(ports_.claim(0x00, 16, dma_.first_ports(), "dma"));
    claims_.push_back(ports_.claim(0x80, 16, dma_.page_ports(), "dma pages"));
    claims_.push_back(ports_.claim(0xc0, 32, dma_.second_ports(), "dma"));
    claims_.push_back(ports_.claim(0x20, 2, pic_.master_ports(), "pic"));
    claims_.push_back(ports_.claim(0xa0, 2, pic_.slave_ports(), "pic"));
    claims_.push_back(ports_.claim(0x4d0, 2, pic_.elcr_ports(), "elcr"));
    claims_.push_back(ports_.claim(0x40, 4, pit_, "pit"));
    claims_.push_back(ports_.claim(0x61, 1, system_control_, "system control"));
    claims_.push_back(ports_.claim(0x60, 1, i8042_.data_port(), "i8042"));
    claims_.push_back(ports_.claim(0x64, 1, i8042_.command_port(), "i8042"));
    claims_.push_back(ports_.claim(0x92, 1, system_control_a_, "port 92"));
    claims_.push_back(ports_.claim(0x70, 2, rtc_.ports(), "rtc"));
    claims_.push_back(ports_.claim(0x72, 2, rtc_.extended_ports(), "rtc"));
    claims_.push_back(ports_.claim(piix3::kNumericErrorPort, 1, numeric_error_, "coprocessor error"));
    claims_.push_back(ports_.claim(0x3f8, 8, uart_, "uart"));
    claims_.push_back(ports_.claim(fw_debug::kSeabiosPort, 1, seabios_debug_, "seabios debug"));
    claims_.push_back(ports_.claim(fw_debug::kBochsPort, 1, port_e9_, "port e9"));
    claims_.push_back(ports_.claim(firmware::FwCfg::kPort, firmware::FwCfg::kPortCount, fw_cfg_, "fw_cfg"));
    for (unsigned channel = 0; channel < ide::kChannels; ++channel) {
        claims_.push_back(ports_.claim(ide::kCommandPorts[channel], ide::kCommandPortCount,
                                       ide_.channel(channel).command_ports(), "ide"));
        claims_.push_back(ports_.claim(ide::kControlPorts[channel], 1, ide_.channel(channel).control_port(), "ide"));
    }
    claims_.push_back(mmio_.claim(i440fx::kPamStart, i440fx::kShadowSize, pam_->shadow_writes(), "shadow RAM"));
    claims_.push_back(mmio_.claim(ioapic::kDefaultBase, ioapic::kPageSize, ioapic_, "ioapic"));
}

void Board::debug_line(std::string_view line)
{
    log_.guest_text("firmware", line);
}

void Board::release_media()
{
    for (unsigned slot = 0; slot < ide::kChannels * ide::kDrivesPerChannel; ++slot) {
        ide_.attach(slot, nullptr);
    }
}

bool Board::deliver(const lapic::Message& message)
{
    return engine_apics_.in_charge() ? engine_apics_.deliver(message) : apic_bus_.deliver(message);
}

void Board::hand_out_apics(std::span<vcpu::Engine* const> engines)
{
    engine_apics_.hand_out(engines);
}

void Board::interrupt_ended(std::uint8_t vector)
{
    ioapic_.end_of_interrupt(vector);
    engine_apics_.ended(vector);
    interrupt_taken();
}

void Board::drive_interrupts()
{
    for (const auto& socket : sockets_) {
        socket->interrupts_changed();
    }
}

// Of IRQ 0, at whichever controller the guest has it unmasked.
TickState Board::timer_tick_state() const
{
    const std::uint64_t entry = ioapic_.state().entries[IsaInterrupts::kTimerIoApicInput];
    if ((entry & ioapic::kMasked) == 0) {
        if (engine_apics_.in_charge()) {
            return engine_apics_.timer_pending() ? TickState::Pending : TickState::Taken;
        }
        const bool requested = std::ranges::any_of(sockets_, [this, entry](const auto& socket) {
            assert_locked();
            return socket->lapic().requested(static_cast<std::uint8_t>(entry));
        });
        return requested ? TickState::Pending : TickState::Taken;
    }
    const pic::I8259::State& master = pic_.master();
    if ((master.imr & 1) == 0) {
        return (master.edges & 1) != 0 ? TickState::Pending : TickState::Taken;
    }
    return TickState::Unwanted;
}

void Board::reset()
{
    pci_bus_.reset();
    reset_control_.reset();
    numeric_error_.reset();
    for (const auto& socket : sockets_) {
        socket->lapic().reset();
    }
    ioapic_.reset();
    pic_.reset();
    rtc_.reset();
    pit_.reset();
    system_control_.reset();
    dma_.reset();
    i8042_.reset();
    system_control_a_.reset();
    uart_.reset();
    vga_->reset();
    seabios_debug_.reset();
    port_e9_.reset();
    fw_cfg_.reset();
}

void Board::reset_processors()
{
    constexpr std::uint8_t kShutdownCode = 0x0f; // IBM PC AT technical reference, "CMOS RAM address map"
    if (rtc_.cmos(kShutdownCode) == 0) {
        host_.request(Event::Reset);
        return;
    }
    a20_.set(true); // or the reset vector would not lead to the BIOS
    if (engine_apics_.in_charge()) {
        engine_apics_.deliver({.destination = lapic::kEveryone, .mode = lapic::DeliveryMode::Init});
        return;
    }
    for (const auto& socket : sockets_) {
        socket->lapic().init();
        socket->init();
    }
}

} // namespace windsor::machine
