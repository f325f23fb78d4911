// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtl8139/rtl8139.hpp"

#include <algorithm>

namespace windsor::devices::rtl8139 {

namespace {

constexpr pci::Identity kIdentity{.vendor = kVendor,
                                  .device = kDevice,
                                  .class_code = kClassEthernet,
                                  .revision = kRevision,
                                  .subsystem_vendor = kVendor,
                                  .subsystem = kDevice,
                                  .interrupt_pin = kInterruptPin};

constexpr base::Nanoseconds kLookPeriod = base::kMillisecond;
constexpr std::uint64_t kNanosecondsPerMicrosecond = 1000;

// Words of the EEPROM, 6.
constexpr std::size_t kSignatureWord = 0;
constexpr std::size_t kMediaWord = 6; // MSRBMCR and CONFIG3
constexpr std::size_t kIdWord = 7;
constexpr std::size_t kConfigWord = 10; // CONFIG0 and CONFIG1
constexpr std::size_t kConfig4Word = 12;
constexpr std::size_t kConfig5Word = 15;
constexpr std::uint16_t kSignature = 0x8129;

// As cards are delivered: no wake-up but by magic packet, autonegotiation, registers in ports and memory.
Eeprom93c46::Words delivered(const backend::MacAddress& mac)
{
    Eeprom93c46::Words words{kSignature, kVendor, kDevice, kVendor, kDevice, kMaxLatency << 8 | kMinGrant, 0xe512};
    for (std::size_t i = 0; i < mac.size() / 2; ++i) {
        words[kIdWord + i] = static_cast<std::uint16_t>(mac[2 * i] | mac[2 * i + 1] << 8);
    }
    words[kConfigWord] = 0x4d10;
    words[kConfigWord + 1] = kPowerCapabilities;
    words[kConfig4Word] = 0x8001;
    return words;
}

constexpr std::uint8_t low(std::uint16_t word)
{
    return static_cast<std::uint8_t>(word);
}

constexpr std::uint8_t upper(std::uint16_t word)
{
    return static_cast<std::uint8_t>(word >> 8);
}

} // namespace

Rtl8139::Rtl8139(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory,
                 const backend::MacAddress& mac, backend::NetworkLink* link)
    : Function{kIdentity}, clock_{clock}, memory_{memory}, link_{link},
      timer_{timers.make([this](base::Nanoseconds) { timer_fires(); })}, look_{timers.make([this](base::Nanoseconds) {
          machine_lock_is_held();
          look_again();
      })},
      more_{timers.make([this](base::Nanoseconds) {
          machine_lock_is_held();
          transmit_polled();
      })}
{
    eeprom_.set_words(delivered(mac));
    set_default8(offset_of(pci::Register::MinGrant), kMinGrant);
    set_default8(offset_of(pci::Register::MaxLatency), kMaxLatency);
    set_default16(offset_of(pci::Register::Status), pci::kStatusCapabilities);
    set_default8(offset_of(pci::Register::Capabilities), kPowerCapability);
    set_default8(kPowerCapability, kPowerCapabilityId);
    set_default16(kPowerCapability + 2, kPowerCapabilities);
    set_writable(kPowerControl, kPowerState);
    set_writable(kPowerControl + 1, kPmeEnable);
    set_write_one_to_clear(kPowerControl + 1, kPmeStatus);
    add_bar(kPortsBar, pci::BarKind::Io, kRegisters, {this, "rtl8139"});
    add_bar(kMemoryBar, pci::BarKind::Memory32, kRegisters, {this, "rtl8139"});
    auto_load();
}

// The reset pin.
void Rtl8139::device_reset()
{
    machine_lock_is_held();
    eeprom_.reset();
    auto_load();
    update();
    look_for_room();
}

void Rtl8139::config_replaced()
{
    power_ = config8(kPowerControl) & kPowerState;
}

void Rtl8139::config_written(unsigned /*offset*/, unsigned /*width*/)
{
    machine_lock_is_held();
    const unsigned before = power_;
    power_ = config8(kPowerControl) & kPowerState;
    if (before == 3 && power_ == 0) {
        software_reset(); // PCI Bus Power Management 1.1, 5.4: coming from D3hot
    }
    update();
    transmit_waiting();
    look_for_room();
}

void Rtl8139::auto_load()
{
    const bool plugged = registers_.plugged;
    const std::uint16_t refused = registers_.refused;
    registers_ = Registers{};
    registers_.plugged = plugged;
    registers_.refused = refused;
    registers_.timer_start = clock_.now();
    const Eeprom93c46::Words& words = eeprom_.words();
    if (words[kSignatureWord] == kSignature) {
        for (std::size_t i = 0; i < registers_.id.size() / 2; ++i) {
            registers_.id[2 * i] = low(words[kIdWord + i]);
            registers_.id[2 * i + 1] = upper(words[kIdWord + i]);
        }
        registers_.flow_control = low(words[kMediaWord]) & msr::kFlowControl;
        registers_.config0 = low(words[kConfigWord]);
        registers_.config1 = upper(words[kConfigWord]) & kConfig1Writable;
        registers_.config3 = upper(words[kMediaWord]) & kConfig3Writable;
        registers_.config4 = upper(words[kConfig4Word]);
        registers_.config5 = upper(words[kConfig5Word]) & kConfig5Writable;
    }
    arm_timer();
}

// RST of CR, 5.5: addresses, configuration and transceiver stay as they are.
void Rtl8139::software_reset()
{
    const Registers fresh;
    registers_.transmit_status = fresh.transmit_status;
    registers_.transmit_address = fresh.transmit_address;
    registers_.command = fresh.command;
    registers_.read_pointer = fresh.read_pointer;
    registers_.write_pointer = fresh.write_pointer;
    registers_.interrupt_mask = fresh.interrupt_mask;
    registers_.interrupt_status = fresh.interrupt_status;
    registers_.transmit_config = fresh.transmit_config;
    registers_.receive_config = fresh.receive_config;
    registers_.timer_interrupt = fresh.timer_interrupt;
    registers_.missed = fresh.missed;
    registers_.multiple_interrupt = fresh.multiple_interrupt;
    registers_.plus_command = fresh.plus_command;
    registers_.next_normal = registers_.next_high = registers_.next_received = 0;
    registers_.polled = fresh.polled;
    registers_.early_transmit = fresh.early_transmit;
    registers_.tallies = fresh.tallies;
    arm_timer();
    update();
}

bool Rtl8139::transmitting() const
{
    return (registers_.command & command::kTransmit) != 0 && bus_master() && powered();
}

bool Rtl8139::receiving() const
{
    return (registers_.command & command::kReceive) != 0 && powered();
}

void Rtl8139::raise(std::uint16_t interrupts)
{
    registers_.interrupt_status |= interrupts;
    update();
}

void Rtl8139::update()
{
    set_interrupt((registers_.interrupt_status & registers_.interrupt_mask) != 0 && powered());
}

// Nobody answers at an address.
void Rtl8139::system_error()
{
    const unsigned status = offset_of(pci::Register::Status);
    set_config16(status, static_cast<std::uint16_t>(config16(status) | kStatusMasterAbort));
    raise(interrupt::kSystemError);
}

void Rtl8139::set_carrier(bool present)
{
    const bool before = carrier();
    registers_.plugged = present;
    if (carrier() == before) {
        return;
    }
    if (!present && registers_.disconnects != 0xffff) {
        ++registers_.disconnects;
    }
    registers_.link_changed = true;
    raise(interrupt::kLinkChange);
    look_for_room();
}

std::uint64_t Rtl8139::timer_ticks() const
{
    const auto time = static_cast<std::uint64_t>(clock_.now() - registers_.timer_start);
    return time / kNanosecondsPerMicrosecond * kTimerMegahertz +
           time % kNanosecondsPerMicrosecond * kTimerMegahertz / kNanosecondsPerMicrosecond;
}

// TimerInt, 5.13: zero is no interrupt, anything else one whenever TCTR has come to it.
void Rtl8139::arm_timer()
{
    timer_at_.reset();
    timer_.disarm();
    if (registers_.timer_interrupt == 0) {
        return;
    }
    constexpr std::uint64_t kRound = std::uint64_t{1} << 32;
    const std::uint64_t ticks = timer_ticks();
    std::uint64_t next = ticks / kRound * kRound + registers_.timer_interrupt;
    if (next <= ticks) {
        next += kRound;
    }
    const std::uint64_t rest = next % kTimerMegahertz * kNanosecondsPerMicrosecond;
    timer_at_ =
        registers_.timer_start + static_cast<base::Nanoseconds>(next / kTimerMegahertz * kNanosecondsPerMicrosecond +
                                                                (rest + kTimerMegahertz - 1) / kTimerMegahertz);
    timer_.arm(*timer_at_);
}

void Rtl8139::timer_fires()
{
    raise(interrupt::kTimeout);
    arm_timer();
}

void Rtl8139::settle()
{
    if (timer_at_ && *timer_at_ <= clock_.now()) {
        timer_fires();
    }
}

void Rtl8139::keep_possible()
{
    Registers& r = registers_;
    for (std::uint32_t& status : r.transmit_status) {
        status &= tsd::kBits;
    }
    r.command &= command::kReceive | command::kTransmit;
    r.interrupt_mask &= interrupt::kBits;
    r.interrupt_status &= interrupt::kBits;
    r.transmit_config &= tcr::kWritable;
    r.receive_config &= rcr::kWritable;
    r.write_pointer = static_cast<std::uint16_t>(r.write_pointer & (buffer_size() - 1) & ~3U);
    r.timer_start = std::clamp(r.timer_start, base::Nanoseconds{0}, std::max(clock_.now(), base::Nanoseconds{0}));
    r.missed &= kMissedBits;
    r.eeprom_command &= eeprom_command::kWritable;
    if ((r.eeprom_command & eeprom_command::kMode) == eeprom_command::kAutoLoad) {
        r.eeprom_command = 0;
    }
    r.config1 &= kConfig1Writable;
    r.config3 &= kConfig3Writable;
    r.config5 &= kConfig5Writable;
    r.flow_control &= msr::kFlowControl;
    r.multiple_interrupt &= kMultipleInterruptBits;
    r.basic_control &= mii::kControlWritable;
    r.advertised &= mii::kAdvertisedWritable;
    r.connection_config &= cscr::kWritable;
    r.plus_command &= cpcr::kWritable;
    for (std::uint8_t* next : {&r.next_normal, &r.next_high, &r.next_received}) {
        *next = static_cast<std::uint8_t>(*next % kRingDescriptors);
    }
    r.receive_ring &= kRingAddress;
    r.early_transmit &= kEarlyTransmitBits;
    r.tally_address &= kTallyAddress;
    r.polled &= poll::kHigh | poll::kNormal;
    r.refused = std::min(r.refused, static_cast<std::uint16_t>(kLongestReceivedFrame + 2 * kReceiveHeader));
}

void Rtl8139::load(const State& state)
{
    registers_ = state.registers;
    keep_possible();
    pci::Function::State function = state.pci;
    function.interrupt = (registers_.interrupt_status & registers_.interrupt_mask) != 0 &&
                         (function.config[kPowerControl] & kPowerState) == 0;
    pci::Function::load(function);
    update(); // the status bit follows
    eeprom_.load(state.eeprom);
    arm_timer();
    if (registers_.polled != 0) {
        more_.arm(clock_.now());
    } else {
        more_.disarm();
    }
    if (registers_.refused != 0) {
        look_.arm(clock_.now() + kLookPeriod);
    } else {
        look_.disarm();
    }
}

bool Rtl8139::refuse(std::size_t room)
{
    if (registers_.refused == 0) {
        look_.arm(clock_.now() + kLookPeriod);
    }
    registers_.refused = static_cast<std::uint16_t>(room);
    return false;
}

void Rtl8139::look_for_room()
{
    if (registers_.refused == 0) {
        return;
    }
    if (still_refuses()) {
        return;
    }
    registers_.refused = 0;
    look_.disarm();
    if (link_ != nullptr) {
        link_->input_wanted();
    }
}

// On a wire there would be one frame after another. Drivers count on that: one that has cleared the interrupts of
// frames which it has left in the buffer, as Linux's 8139too may, comes back to them when the next frame interrupts.
void Rtl8139::look_again()
{
    look_for_room();
    if (registers_.refused != 0) {
        raise(interrupt::kReceiveOverflow);
        look_.arm(clock_.now() + kLookPeriod);
    }
}

} // namespace windsor::devices::rtl8139
