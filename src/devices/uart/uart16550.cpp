// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/uart/uart16550.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::uart {

Uart16550::Uart16550(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq, backend::CharacterSink& sink)
    : clock_{clock}, irq_{irq}, sink_{sink}, timeout_{timers.make([this](base::Nanoseconds) {
          state_.timeout_at.reset();
          state_.timeout_pending = !state_.received.empty();
          update();
      })},
      more_{timers.make([this](base::Nanoseconds) {
          state_.more_at.reset();
          if (state_.refused && receive_space() > 0) {
              state_.refused = false;
              sink_.input_wanted();
          }
      })},
      sent_{timers.make([this](base::Nanoseconds) {
          settle_transmitter();
          update();
      })}
{
}

std::uint8_t Uart16550::trigger() const
{
    return kTriggers[state_.fcr >> fcr::kTriggerShift];
}

// Start, data, parity and stop bits at the present rate.
base::Nanoseconds Uart16550::character_time() const
{
    const std::int64_t bits = 1 + 5 + (state_.lcr & lcr::kWordLength) + ((state_.lcr & lcr::kParity) != 0 ? 1 : 0) +
                              ((state_.lcr & lcr::kStopBits) != 0 ? 2 : 1);
    const std::int64_t divisor = std::max<std::int64_t>(state_.divisor, 1);
    return bits * divisor * base::kSecond / kBaudClock;
}

base::Nanoseconds Uart16550::sending_time() const
{
    constexpr std::int64_t kBits = 10; // of most characters
    return std::min(character_time(), kBits * base::kSecond / kQuickRate);
}

// The FIFO's and the shift register's.
base::Nanoseconds Uart16550::longest_sending_time() const
{
    return static_cast<base::Nanoseconds>(depth() + 1) * sending_time();
}

void Uart16550::settle_transmitter()
{
    if (state_.sent_at && clock_.now() >= *state_.sent_at) {
        state_.sent_at.reset();
        state_.transmit_pending = true;
        sent_.disarm();
    }
}

std::size_t Uart16550::receive_space() const
{
    return loopback() || state_.received.size() >= depth() ? 0 : depth() - state_.received.size();
}

std::size_t Uart16550::receive(std::span<const std::uint8_t> characters)
{
    const std::size_t taken = std::min(receive_space(), characters.size());
    for (const std::uint8_t value : characters.first(taken)) {
        store({.value = value});
    }
    state_.refused = taken < characters.size();
    update();
    return taken;
}

bool Uart16550::receive_break()
{
    if (receive_space() == 0) {
        return false;
    }
    store({.value = 0, .errors = lsr::kBreak});
    update();
    return true;
}

void Uart16550::store(Character character)
{
    if (state_.received.size() >= depth()) {
        // Only loopback gets here. With FIFOs the newcomer is lost, without them it replaces the old one.
        state_.line_errors |= lsr::kOverrun;
        if (!fifos()) {
            state_.received.clear();
            state_.received.push(character);
        }
        return;
    }
    state_.received.push(character);
    if (state_.received.size() == 1) {
        reveal_errors();
    }
    received_changed();
}

void Uart16550::reveal_errors()
{
    if (!state_.received.empty()) {
        state_.line_errors |= state_.received.front().errors;
        state_.received.front().errors = 0;
    }
}

// "FIFO Interrupt Mode Operation": a character in or out restarts the timeout.
void Uart16550::received_changed()
{
    state_.timeout_pending = false;
    state_.timeout_at.reset();
    if (fifos() && !state_.received.empty()) {
        state_.timeout_at = clock_.now() + kTimeoutCharacters * character_time();
    }
    if (state_.refused && receive_space() > 0 && !state_.more_at) {
        state_.more_at = clock_.now() + character_time();
    }
    arm_timers();
}

void Uart16550::arm_timers()
{
    timeout_.disarm();
    if (state_.timeout_at) {
        timeout_.arm(*state_.timeout_at);
    }
    if (state_.more_at && !more_.armed()) {
        more_.arm(*state_.more_at);
    }
    // Whoever polls needs no timer.
    sent_.disarm();
    if (state_.sent_at && (state_.ier & ier::kTransmitEmpty) != 0) {
        sent_.arm(*state_.sent_at);
    }
}

Interrupt Uart16550::pending() const
{
    if ((state_.ier & ier::kLineStatus) != 0 && state_.line_errors != 0) {
        return Interrupt::LineStatus;
    }
    if ((state_.ier & ier::kReceived) != 0) {
        const std::size_t enough = fifos() ? trigger() : 1;
        if (state_.received.size() >= enough) {
            return Interrupt::Received;
        }
        if (state_.timeout_pending) {
            return Interrupt::ReceiveTimeout;
        }
    }
    if ((state_.ier & ier::kTransmitEmpty) != 0 && state_.transmit_pending) {
        return Interrupt::TransmitEmpty;
    }
    if ((state_.ier & ier::kModemStatus) != 0 && state_.modem_deltas != 0) {
        return Interrupt::ModemStatus;
    }
    return Interrupt::None;
}

void Uart16550::update()
{
    irq_.set_level(pending() != Interrupt::None && (state_.mcr & mcr::kOut2) != 0);
}

std::uint8_t Uart16550::read_data()
{
    const std::uint8_t value = state_.received.pop().value;
    reveal_errors();
    received_changed();
    return value;
}

std::uint8_t Uart16550::read_line_status()
{
    std::uint8_t status = state_.sent_at ? 0 : lsr::kTransmitEmpty | lsr::kTransmitterIdle;
    status |= std::exchange(state_.line_errors, std::uint8_t{0});
    if (!state_.received.empty()) {
        status |= lsr::kDataReady;
    }
    for (std::size_t i = 0; fifos() && i < state_.received.size(); ++i) {
        if (state_.received.at(i).errors != 0) {
            status |= lsr::kFifoError;
        }
    }
    if (fifos() && (status & lsr::kBreak) != 0) {
        status |= lsr::kFifoError;
    }
    return status;
}

bus::ReadResult Uart16550::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    settle_transmitter();
    std::uint8_t value = 0;
    switch (static_cast<Register>(offset % kRegisters)) {
    case Register::Data:
        value = divisor_latch() ? static_cast<std::uint8_t>(state_.divisor & 0xff) : read_data();
        break;
    case Register::InterruptEnable:
        value = divisor_latch() ? static_cast<std::uint8_t>(state_.divisor >> 8) : state_.ier;
        break;
    case Register::InterruptIdFifo: {
        const Interrupt interrupt = pending();
        value = static_cast<std::uint8_t>(static_cast<unsigned>(interrupt) | (fifos() ? kFifosEnabled : 0u));
        if (interrupt == Interrupt::TransmitEmpty) {
            state_.transmit_pending = false;
        }
        break;
    }
    case Register::LineControl:
        value = state_.lcr;
        break;
    case Register::ModemControl:
        value = state_.mcr;
        break;
    case Register::LineStatus:
        value = read_line_status();
        break;
    case Register::ModemStatus:
        value = static_cast<std::uint8_t>(modem_inputs() | std::exchange(state_.modem_deltas, std::uint8_t{0}));
        break;
    case Register::Scratch:
        value = state_.scratch;
        break;
    }
    update();
    return std::uint64_t{value};
}

void Uart16550::write_data(std::uint8_t value)
{
    // The interrupt goes with the write and comes back when the character has left: at once in loopback.
    state_.transmit_pending = loopback();
    if (loopback()) {
        store({.value = value});
        return;
    }
    sink_.transmit(value);
    const base::Nanoseconds now = clock_.now();
    state_.sent_at =
        std::min(std::max(now, state_.sent_at.value_or(now)) + sending_time(), now + longest_sending_time());
    arm_timers();
}

void Uart16550::write_fifo_control(std::uint8_t value)
{
    if ((value & fcr::kResetTransmitter) != 0 && state_.sent_at) {
        state_.sent_at = std::min(*state_.sent_at, clock_.now() + sending_time()); // but for the shift register's
    }
    const bool toggled = ((state_.fcr ^ value) & fcr::kEnable) != 0;
    if (toggled || (value & fcr::kResetReceiver) != 0) {
        state_.received.clear();
    }
    // "Bit 0 must be a 1 when other FCR bits are written to or they will not be programmed."
    state_.fcr = (value & fcr::kEnable) != 0 ? value : std::uint8_t{0};
    received_changed();
}

std::uint8_t Uart16550::modem_inputs() const
{
    if (!loopback()) {
        return state_.modem;
    }
    return static_cast<std::uint8_t>(((state_.mcr & mcr::kRts) != 0 ? msr::kCts : 0u) |
                                     ((state_.mcr & mcr::kDtr) != 0 ? msr::kDsr : 0u) |
                                     ((state_.mcr & mcr::kOut1) != 0 ? msr::kRing : 0u) |
                                     ((state_.mcr & mcr::kOut2) != 0 ? msr::kDcd : 0u));
}

void Uart16550::note_modem_change(std::uint8_t before)
{
    const std::uint8_t after = modem_inputs();
    const unsigned changed = before ^ after;
    // Each delta bit lies four below its line; that of the ring tells the end of a ring only.
    unsigned deltas = changed >> 4 & (msr::kDeltaCts | msr::kDeltaDsr | msr::kDeltaDcd);
    if ((before & msr::kRing) != 0 && (after & msr::kRing) == 0) {
        deltas |= msr::kTrailingRing;
    }
    state_.modem_deltas |= static_cast<std::uint8_t>(deltas);
}

void Uart16550::set_modem_lines(std::uint8_t lines)
{
    const std::uint8_t before = modem_inputs();
    state_.modem = lines & static_cast<std::uint8_t>(~msr::kDeltas);
    note_modem_change(before);
    update();
}

void Uart16550::write_modem_control(std::uint8_t value)
{
    const std::uint8_t before = modem_inputs();
    state_.mcr = value & mcr::kAll;
    note_modem_change(before);
    received_changed(); // leaving loopback lets the host send again
}

bus::AccessStatus Uart16550::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    settle_transmitter();
    const auto byte = static_cast<std::uint8_t>(value);
    switch (static_cast<Register>(offset % kRegisters)) {
    case Register::Data:
        if (divisor_latch()) {
            state_.divisor = static_cast<std::uint16_t>((state_.divisor & 0xff00) | byte);
        } else {
            write_data(byte);
        }
        break;
    case Register::InterruptEnable:
        if (divisor_latch()) {
            state_.divisor = static_cast<std::uint16_t>((state_.divisor & 0x00ff) | byte << 8);
        } else {
            // Enabling the transmitter-empty interrupt with an empty transmitter raises it; drivers count on that.
            if ((byte & ~state_.ier & ier::kTransmitEmpty) != 0) {
                state_.transmit_pending = !state_.sent_at;
            }
            state_.ier = byte & ier::kAll;
            arm_timers();
        }
        break;
    case Register::InterruptIdFifo:
        write_fifo_control(byte);
        break;
    case Register::LineControl:
        state_.lcr = byte;
        break;
    case Register::ModemControl:
        write_modem_control(byte);
        break;
    case Register::LineStatus:
    case Register::ModemStatus:
        break; // read-only
    case Register::Scratch:
        state_.scratch = byte;
        break;
    }
    update();
    return bus::AccessStatus::Ok;
}

void Uart16550::reset()
{
    const bool refused = state_.refused;
    state_ = State{.modem = state_.modem, .refused = refused, .more_at = state_.more_at};
    received_changed();
    update();
}

void Uart16550::load(const State& state)
{
    state_ = state;
    state_.ier &= ier::kAll;
    state_.mcr &= mcr::kAll;
    if (state_.sent_at) {
        state_.sent_at = std::min(*state_.sent_at, clock_.now() + longest_sending_time());
    }
    irq_.restore_level(pending() != Interrupt::None && (state_.mcr & mcr::kOut2) != 0);
    more_.disarm();
    arm_timers();
}

} // namespace windsor::devices::uart
