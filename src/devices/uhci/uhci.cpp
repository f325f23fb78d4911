// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/uhci/uhci.hpp"

#include "bus/words.hpp"

#include <algorithm>

namespace windsor::devices::uhci {

namespace {

constexpr pci::Identity kIdentity{.vendor = kVendor,
                                  .device = kDevice,
                                  .class_code = kClassUhci,
                                  .revision = kRevision,
                                  .interrupt_pin = kInterruptPin};

constexpr std::uint16_t merged(std::uint16_t old, std::uint16_t value, std::uint16_t mask)
{
    return static_cast<std::uint16_t>((old & ~mask) | (value & mask));
}

} // namespace

Uhci::Uhci(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory)
    : Function{kIdentity}, clock_{clock}, memory_{memory}, ports_{RootPort{[this](PortNews news) {
                                                                      machine_lock_is_held();
                                                                      port_news(news);
                                                                  }},
                                                                  RootPort{[this](PortNews news) {
                                                                      machine_lock_is_held();
                                                                      port_news(news);
                                                                  }}},
      timer_{timers.make([this](base::Nanoseconds) { settle(); })}
{
    set_default8(kReleaseNumber, kRelease10);
    set_default16(kLegacySupport, kLegacyDefault);
    set_writable(kLegacySupport, kLegacyLowWritable);
    set_writable(kLegacySupport + 1, kLegacyHighWritable);
    set_write_one_to_clear(kLegacySupport + 1, kLegacyHighClearByOne);
    add_bar(kPortsBar, pci::BarKind::Io, kRegisters, {this, "uhci"});
}

bus::ReadResult Uhci::read(std::uint64_t offset, bus::Width width)
{
    settle();
    return bus::read_words(offset, width, [this](unsigned at) { return read_word(at); });
}

bus::AccessStatus Uhci::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    settle();
    bus::write_words(offset, width, value, [this](unsigned at, std::uint16_t part, std::uint16_t mask) {
        machine_lock_is_held();
        write_word(at, part, mask);
    });
    update();
    return bus::AccessStatus::Ok;
}

std::uint16_t Uhci::read_word(unsigned offset) const
{
    switch (offset) {
    case reg::kCommand: return registers_.command;
    case reg::kStatus: return static_cast<std::uint16_t>(registers_.status | (running() ? 0 : status::kHalted));
    case reg::kInterruptEnable: return registers_.interrupt_enable;
    case reg::kFrameNumber: return registers_.frame;
    case reg::kFrameListLow: return static_cast<std::uint16_t>(registers_.frame_list);
    case reg::kFrameListHigh: return static_cast<std::uint16_t>(registers_.frame_list >> 16);
    case reg::kStartOfFrame: return registers_.start_of_frame;
    default: break;
    }
    const std::size_t port = (offset - reg::kPort1) / 2;
    // A driver finds the end of the ports by a register in which the bit that is always one is zero.
    return offset >= reg::kPort1 && port < kPorts ? ports_.at(port).read() : std::uint16_t{0};
}

void Uhci::write_word(unsigned offset, std::uint16_t value, std::uint16_t mask)
{
    Registers& r = registers_;
    switch (offset) {
    case reg::kCommand: write_command(merged(r.command, value, mask) & command::kBits); return;
    case reg::kStatus:
        r.status = static_cast<std::uint16_t>(r.status & ~(value & mask));
        r.causes = (r.status & status::kInterrupt) != 0 ? r.causes : std::uint16_t{0};
        return;
    case reg::kInterruptEnable: r.interrupt_enable = merged(r.interrupt_enable, value, mask) & interrupt::kBits; return;
    case reg::kFrameNumber:
        if (!running()) {
            r.frame = merged(r.frame, value, mask) & kFrameNumberBits;
        }
        return;
    case reg::kFrameListLow:
        r.frame_list = ((r.frame_list & ~std::uint32_t{mask}) | (value & mask)) & kFrameListAddress;
        busy_again();
        return;
    case reg::kFrameListHigh:
        r.frame_list = (r.frame_list & ~(std::uint32_t{mask} << 16)) | std::uint32_t{value} << 16;
        busy_again();
        return;
    case reg::kStartOfFrame:
        r.start_of_frame = merged(r.start_of_frame, value, mask) & kStartOfFrameBits;
        arm();
        return;
    default: break;
    }
    if (const std::size_t port = (offset - reg::kPort1) / 2; offset >= reg::kPort1 && port < kPorts) {
        ports_.at(port).write(value, mask);
        busy_again();
    }
}

void Uhci::write_command(std::uint16_t value)
{
    const std::uint16_t before = registers_.command;
    if ((value & command::kGlobalReset) != 0) {
        begin_global_reset();
        return;
    }
    if ((before & command::kGlobalReset) != 0) {
        for (RootPort& port : ports_) {
            port.reset();
        }
    }
    if ((value & command::kHostReset) != 0) {
        host_reset();
        return;
    }
    registers_.command = value;
    if (running() && (before & command::kRun) == 0) {
        registers_.frame_start = clock_.now();
    }
    busy_again();
}

// HCRESET, 2.1.1. The devices hear nothing of it.
void Uhci::host_reset()
{
    registers_ = Registers{};
    for (RootPort& port : ports_) {
        port.host_reset();
    }
    arm();
}

// GRESET, 2.1.1, lasts until software ends it. The registers are reset, too.
void Uhci::begin_global_reset()
{
    registers_ = Registers{.command = command::kGlobalReset};
    for (RootPort& port : ports_) {
        port.begin_global_reset();
    }
    arm();
}

void Uhci::power_on()
{
    registers_ = Registers{};
    for (RootPort& port : ports_) {
        port.reset();
    }
    arm();
    update();
}

// The reset pin.
void Uhci::device_reset()
{
    machine_lock_is_held();
    power_on();
}

void Uhci::config_written(unsigned /*offset*/, unsigned /*width*/)
{
    machine_lock_is_held();
    update();
    busy_again(); // it may use the bus from now on, perhaps
}

void Uhci::config_replaced()
{
    set_config16(kLegacySupport, static_cast<std::uint16_t>(config16(kLegacySupport) & ~kLegacyInterruptStatus));
}

// 2.1.2 and 2.1.3: the last two causes cannot be disabled.
bool Uhci::wants_interrupt() const
{
    const Registers& r = registers_;
    const auto both = [&](std::uint16_t status, std::uint16_t enable) {
        return (r.status & status) != 0 && (r.interrupt_enable & enable) != 0;
    };
    return (r.causes & r.interrupt_enable) != 0 || both(status::kError, interrupt::kError) ||
           both(status::kResume, interrupt::kResume) ||
           (r.status & (status::kSystemError | status::kProcessError)) != 0;
}

void Uhci::update()
{
    const bool wanted = wants_interrupt();
    const std::uint16_t legacy = config16(kLegacySupport);
    set_config16(kLegacySupport, static_cast<std::uint16_t>((legacy & ~kLegacyInterruptStatus) |
                                                            (wanted ? kLegacyInterruptStatus : 0)));
    set_interrupt(wanted && (legacy & kLegacyInterruptEnable) != 0);
}

// Resume detection, 2.1.2, is for a controller in global suspend, which then signals to all that it goes on. Frames
// that are due are left to the timer: news come from people even while the machine stands still and is being saved,
// when nothing may use its memory.
void Uhci::port_news(PortNews news)
{
    if (news == PortNews::Resume && (registers_.command & command::kGlobalSuspend) != 0) {
        registers_.command |= command::kForceResume;
        registers_.status |= status::kResume;
        update();
    }
    busy_again();
}

// Something may be there to do in the next frame.
void Uhci::busy_again()
{
    quiet_ = 0;
    arm();
}

void Uhci::halt(std::uint16_t why)
{
    registers_.command = static_cast<std::uint16_t>(registers_.command & ~command::kRun);
    registers_.status = static_cast<std::uint16_t>(registers_.status | why);
}

// Nobody answers at an address.
void Uhci::system_error()
{
    const unsigned status = offset_of(pci::Register::Status);
    set_config16(status, static_cast<std::uint16_t>(config16(status) | kStatusMasterAbort));
    halt(status::kSystemError);
}

Uhci::State Uhci::state() const
{
    State state{.pci = pci::Function::state(), .registers = registers_};
    for (std::size_t port = 0; port < kPorts; ++port) {
        state.registers.ports.at(port) = ports_.at(port).state();
    }
    return state;
}

void Uhci::keep_possible()
{
    Registers& r = registers_;
    r.command &= command::kBits & ~command::kHostReset;
    if ((r.command & command::kGlobalReset) != 0) {
        r.command = command::kGlobalReset;
    }
    r.status &= status::kBits;
    r.interrupt_enable &= interrupt::kBits;
    r.frame &= kFrameNumberBits;
    r.frame_list &= kFrameListAddress;
    r.start_of_frame &= kStartOfFrameBits;
    r.causes &= interrupt::kComplete | interrupt::kShortPacket;
    if ((r.status & status::kInterrupt) == 0) {
        r.causes = 0;
    }
    constexpr base::Nanoseconds kBeginning{0};
    const base::Nanoseconds now = std::max(clock_.now(), kBeginning);
    // While it runs, settle() has brought it to the frame that is under way.
    const base::Nanoseconds first = running() ? std::max(now - frame_length() + 1, kBeginning) : kBeginning;
    r.frame_start = std::clamp(r.frame_start, first, now);
}

void Uhci::load(const State& state)
{
    registers_ = state.registers;
    keep_possible();
    for (std::size_t port = 0; port < kPorts; ++port) {
        ports_.at(port).load(registers_.ports.at(port));
        registers_.ports.at(port) = 0; // the port has it
    }
    pci::Function::State function = state.pci;
    const auto enabled = static_cast<std::uint8_t>(kLegacyInterruptEnable >> 8);
    function.interrupt = wants_interrupt() && (function.config[kLegacySupport + 1] & enabled) != 0;
    pci::Function::load(function);
    update(); // the status bits follow
    quiet_ = 0;
    arm();
}

} // namespace windsor::devices::uhci
