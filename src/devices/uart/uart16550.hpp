// SPDX-License-Identifier: GPL-2.0-or-later
// A 16550A serial port.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "backend/character.hpp"
#include "devices/ring.hpp"
#include "devices/uart/spec.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace windsor::devices::uart {

// Eight ports. What the guest sends reaches the sink at once and is never lost, but the transmitter is busy with it for
// as long as a line would be, so that its interrupt comes once for a FIFO full of characters and not from within the
// handler that fills it. The line is one of the programmed rate, or of kQuickRate if that is slower: firmware and
// kernels choose 9,600 baud where nobody says otherwise, and a boot's messages would take minutes.
// Reception is paced at the programmed rate: after the guest has emptied the receiver, the host is asked for more one
// character time later, so that no interrupt handler sees an endless stream.
class Uart16550 final : public bus::AccessHandler, public backend::CharacterDevice {
public:
    struct Character {
        std::uint8_t value{0};
        std::uint8_t errors{0}; // LSR bits that belong to it
    };

    struct State {
        Ring<Character, kFifoSize> received{};
        std::uint8_t ier{0};
        std::uint8_t fcr{0};
        std::uint8_t lcr{0};
        std::uint8_t mcr{0};
        std::uint8_t line_errors{0}; // LSR bits 4-1 not yet read
        std::uint8_t modem{msr::kCts | msr::kDsr | msr::kDcd}; // input pins
        std::uint8_t modem_deltas{0};
        std::uint8_t scratch{0};
        std::uint16_t divisor{kDefaultDivisor};
        bool transmit_pending{false}; // the transmitter-empty interrupt
        std::optional<base::Nanoseconds> sent_at{}; // when the transmitter has sent what it holds; none if it is empty
        bool timeout_pending{false};  // the character timeout interrupt
        bool refused{false};          // receive() has left something behind
        std::optional<base::Nanoseconds> timeout_at{}; // when the character timeout comes
        std::optional<base::Nanoseconds> more_at{};    // when the sink is asked for more
    };

    // `sink` takes what the guest sends; it and the others outlive the port.
    Uart16550(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq, backend::CharacterSink& sink);
    Uart16550(const Uart16550&) = delete;
    Uart16550& operator=(const Uart16550&) = delete;

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    // Nothing is taken in loopback.
    std::size_t receive(std::span<const std::uint8_t> characters) override;
    // A break condition on the line (Linux: SysRq). False if there is no room.
    bool receive_break();
    // Characters that receive() would take now.
    std::size_t receive_space() const;

    // The modem's lines: msr::kCts, kDsr, kRing and kDcd. All but the ring are on from the start.
    void set_modem_lines(std::uint8_t lines);

    // The MR pin; the modem's lines stay.
    void reset();
    const State& state() const { return state_; }
    void load(const State& state);

private:
    bool fifos() const { return (state_.fcr & fcr::kEnable) != 0; }
    bool loopback() const { return (state_.mcr & mcr::kLoop) != 0; }
    bool divisor_latch() const { return (state_.lcr & lcr::kDivisorLatch) != 0; }
    std::size_t depth() const { return fifos() ? kFifoSize : 1; }
    std::uint8_t trigger() const;
    base::Nanoseconds character_time() const;
    base::Nanoseconds sending_time() const; // of a character
    base::Nanoseconds longest_sending_time() const;

    std::uint8_t read_data();
    std::uint8_t read_line_status();
    void write_data(std::uint8_t value);
    void write_fifo_control(std::uint8_t value);
    void write_modem_control(std::uint8_t value);
    void store(Character character);
    // The modem inputs as MSR shows them: the pins, or the outputs in loopback.
    std::uint8_t modem_inputs() const;
    void note_modem_change(std::uint8_t before);
    // Errors show when their character comes to the front.
    void reveal_errors();
    void received_changed();
    // The transmitter is empty if its time has come.
    void settle_transmitter();
    void arm_timers();
    Interrupt pending() const;
    void update();

    const base::Clock& clock_;
    bus::IrqLine irq_;
    backend::CharacterSink& sink_;
    State state_;
    base::Timer timeout_;
    base::Timer more_;
    base::Timer sent_;
};

} // namespace windsor::devices::uart
