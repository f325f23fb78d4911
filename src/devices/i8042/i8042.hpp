// SPDX-License-Identifier: GPL-2.0-or-later
// The PC's keyboard controller with its PS/2 keyboard and mouse.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "devices/i8042/a20_gate.hpp"
#include "devices/i8042/ps2_keyboard.hpp"
#include "devices/i8042/ps2_mouse.hpp"
#include "devices/i8042/spec.hpp"
#include "backend/keyboard.hpp"
#include "backend/pointer.hpp"
#include "devices/ring.hpp"

#include <array>
#include <cstdint>
#include <functional>

namespace windsor::devices::i8042 {

class I8042 final : public backend::Keyboard, public backend::Pointer {
public:
    struct Options {
        bus::IrqLine irq1{};
        bus::IrqLine irq12{};
        // Called from within a guest's write; the machine is not reset before it has returned. May be empty.
        std::function<void()> system_reset{};
    };

    // A byte that the controller itself puts into the output buffer.
    struct Output {
        std::uint8_t value{0};
        bool aux{false};
    };

    // The controller alone.
    struct ControllerState {
        std::array<std::uint8_t, kRamSize> ram{command_byte::kAfterReset}; // byte 0 is the command byte
        Ring<Output, 16> replies{};
        std::uint8_t output{0};       // the output buffer
        bool output_full{false};
        bool output_aux{false};
        bool from_device{false};      // rather than from the controller
        bool system_flag{false};
        bool last_was_command{false};
        bool break_prefix{false};     // translation has seen 0xf0
        std::uint8_t awaiting{0};     // the command whose parameter comes next; 0 if none
        base::Nanoseconds device_ready{0}; // before this, no device sends its next byte
    };

    struct State {
        ControllerState controller;
        Ps2Keyboard::State keyboard;
        Ps2Mouse::State mouse;
    };

    // `clock`, `timers` and `a20` outlive the controller.
    I8042(const base::Clock& clock, base::TimerQueue& timers, A20Gate& a20, Options options);
    I8042(const I8042&) = delete;
    I8042& operator=(const I8042&) = delete;

    bus::AccessHandler& data_port() { return data_port_; }       // 1 port, at 0x60
    bus::AccessHandler& command_port() { return command_port_; } // 1 port, at 0x64

    void key(backend::KeyCode code, bool pressed) override;
    // Bits 3 and 4 of `buttons` are the side buttons of a five-button mouse.
    void move(int dx, int dy, int wheel, std::uint8_t buttons) override;

    // The lock indicators: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock.
    std::uint8_t leds() const { return keyboard_.state().leds; }

    // Opens the A20 gate too.
    void reset();
    // Does what is due by now.
    void settle() { pump(); }
    State state() const;
    void load(const State& state);

private:
    class DataPort final : public bus::AccessHandler {
    public:
        explicit DataPort(I8042& controller) : controller_{controller} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        I8042& controller_;
    };
    class CommandPort final : public bus::AccessHandler {
    public:
        explicit CommandPort(I8042& controller) : controller_{controller} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        I8042& controller_;
    };

    std::uint8_t read_data();
    void write_data(std::uint8_t value);
    std::uint8_t read_status() const;
    void write_command(std::uint8_t value);
    void write_parameter(std::uint8_t command, std::uint8_t value);
    void write_ram(std::size_t index, std::uint8_t value);

    std::uint8_t& command_byte() { return state_.ram[0]; }
    bool command_bit(std::uint8_t bit) const { return (state_.ram[0] & bit) != 0; }
    void set_command_bit(std::uint8_t bit, bool value);
    void reply(std::uint8_t value, bool aux = false) { state_.replies.push({.value = value, .aux = aux}); }
    std::uint8_t output_port() const;
    void write_output_port(std::uint8_t value);
    void request_reset();

    // Fills the output buffer if it is empty and somebody has a byte, and drives the lines.
    void pump();
    bool fill_from_keyboard();
    void fill(std::uint8_t value, bool aux, bool from_device);
    void update_irqs();

    const base::Clock& clock_;
    A20Gate& a20_;
    Options options_;
    ControllerState state_;
    Ps2Keyboard keyboard_;
    Ps2Mouse mouse_;
    DataPort data_port_{*this};
    CommandPort command_port_{*this};
    base::Timer timer_;
};

} // namespace windsor::devices::i8042
