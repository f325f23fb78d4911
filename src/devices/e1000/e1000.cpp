// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/e1000.hpp"

#include <utility>

namespace windsor::devices::e1000 {

namespace {

constexpr pci::Identity kIdentity{.vendor = kVendor,
                                  .device = kDevice,
                                  .class_code = kClassEthernet,
                                  .revision = kRevision,
                                  .subsystem_vendor = kVendor,
                                  .subsystem = kSubsystem,
                                  .interrupt_pin = 1};
// In units of a quarter of a microsecond: how often and for how long the controller wants the bus.
constexpr std::uint8_t kMinGrant = 0xff;
// Between portions of much that is to be sent: whoever waits for the machine lock is to get it.
constexpr base::Nanoseconds kBreath = 100 * base::kMicrosecond;

} // namespace

E1000::E1000(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory, Options options)
    : Function{kIdentity}, clock_{clock}, link_{options.link}, rom_{std::move(options.rom)}, eeprom_{options.mac},
      interrupts_{clock, timers, *this}, transmitter_{{.memory = memory,
                                                       .registers = registers_,
                                                       .statistics = statistics_,
                                                       .interrupts = interrupts_,
                                                       .sink = *this}},
      receiver_{{.memory = memory, .registers = registers_, .statistics = statistics_, .interrupts = interrupts_}},
      link_timer_{timers.make([this](base::Nanoseconds) { settle_link(); })},
      transmit_timer_{timers.make([this](base::Nanoseconds) WINDSOR_NO_LOCK_ANALYSIS { transmit(); })}
{
    add_bar(kMemoryBar, pci::BarKind::Memory32, kMemorySize, {&memory_registers_, "e1000"});
    add_bar(kIoBar, pci::BarKind::Io, kIoSize, {&io_registers_, "e1000 io"});
    if (rom_) {
        add_rom(*rom_);
    }
    set_default16(offset_of(pci::Register::Status), pci::kStatusCapabilities);
    set_default8(offset_of(pci::Register::Capabilities), pm::kCapability);
    set_default8(offset_of(pci::Register::MinGrant), kMinGrant);
    set_default8(pm::kCapability, pm::kId);
    set_default16(pm::kCapability + 2, pm::kCapabilities);
    set_writable16(pm::kControl, pm::kStateMask);
    phy_.set_carrier(link_ != nullptr, clock_.now());
    reset_controller();
}

void E1000::device_reset()
{
    reset_controller();
    ask_for_input();
}

void E1000::reset_controller()
{
    eeprom_.reset();
    phy_.reset(clock_.now());
    power_on(registers_, eeprom_);
    reset_units();
}

void E1000::reset_units()
{
    statistics_.reset();
    interrupts_.reset();
    transmitter_.reset();
    transmit_timer_.disarm();
    io_address_ = 0;
    link_up_ = false;
    settle_link();
}

// The receiver remembers that a link waits for it.
void E1000::reset_by_software()
{
    software_reset(registers_, eeprom_);
    reset_units();
}

// Registers come back from D3 as after a reset (section 6.3.1). Nobody sees them there, so that they may be reset at
// once.
void E1000::config_written(unsigned offset, unsigned width)
{
    if (offset <= pm::kControl && pm::kControl < offset + width) {
        if (!is_awake(*this)) {
            phy_.reset(clock_.now());
            reset_by_software();
        }
        interrupts_.settle();
    }
    transmit();
    ask_for_input();
}

bool E1000::receive(std::span<const std::uint8_t> frame)
{
    if (!receives() || !phy_.link() || loops_back() || frame.size() < backend::kFrameHeader ||
        frame.size() > backend::kLongestFrame) {
        return true;
    }
    return receiver_.receive(frame);
}

// In loop-back the guest hears itself, and nobody else does.
void E1000::frame_sent(std::span<const std::uint8_t> frame)
{
    if (loops_back()) {
        if (receives()) {
            static_cast<void>(receiver_.receive(frame));
        }
    } else if (link_ != nullptr && phy_.link()) {
        link_->send(frame);
    }
}

void E1000::set_carrier(bool present)
{
    phy_.set_carrier(present && link_ != nullptr, clock_.now());
    settle_link();
    ask_for_input();
}

void E1000::transmit()
{
    transmit_timer_.disarm();
    if (transmits() && transmitter_.run()) {
        transmit_timer_.arm(clock_.now() + kBreath);
    }
}

void E1000::ask_for_input()
{
    if (receiver_.wanted_again(receives() && phy_.link()) && link_ != nullptr) {
        link_->input_wanted();
    }
}

void E1000::settle_link()
{
    phy_.settle(clock_.now());
    update_link();
}

// The controller sees the link only if the guest wants it to (CTRL.SLU).
void E1000::update_link()
{
    const bool up = phy_.link() && (registers_.ctrl & ctrl::kSetLinkUp) != 0;
    if (std::exchange(link_up_, up) != up) {
        interrupts_.raise(cause::kLinkChange);
    }
    if (phy_.interrupt()) {
        interrupts_.raise(cause::kPhy);
    }
    arm_link_timer();
}

void E1000::arm_link_timer()
{
    if (const auto at = phy_.link_at()) {
        link_timer_.arm(*at);
    } else {
        link_timer_.disarm();
    }
}

void E1000::settle()
{
    settle_link();
    interrupts_.settle();
}

E1000::State E1000::state() const
{
    return {.pci = pci::Function::state(),
            .registers = registers_,
            .eeprom = eeprom_.state(),
            .phy = phy_.state(),
            .statistics = statistics_.state(),
            .interrupts = interrupts_.state(),
            .transmitter = transmitter_.state(),
            .receiver = receiver_.state(),
            .link_up = link_up_,
            .io_address = io_address_};
}

void E1000::load(const State& state)
{
    registers_ = state.registers;
    keep_possible_bits(registers_);
    eeprom_.load(state.eeprom);
    phy_.load(state.phy, clock_.now());
    statistics_.load(state.statistics);
    transmitter_.load(state.transmitter);
    receiver_.load(state.receiver);
    io_address_ = state.io_address;
    link_up_ = state.link_up && phy_.link() && (registers_.ctrl & ctrl::kSetLinkUp) != 0;
    pci::Function::State function = state.pci;
    const bool awake = (function.config[pm::kControl] & pm::kStateMask) == 0;
    function.interrupt = function.interrupt && awake && Interrupts::due(state.interrupts);
    pci::Function::load(function);
    interrupts_.load(state.interrupts);
    arm_link_timer();
    transmit_timer_.disarm();
    if (transmits()) {
        transmit_timer_.arm(clock_.now());
    }
}

} // namespace windsor::devices::e1000
