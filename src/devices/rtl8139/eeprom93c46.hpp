// SPDX-License-Identifier: GPL-2.0-or-later
// A serial EEPROM of 64 words (Atmel AT93C46 datasheet), three wires and one back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::devices::rtl8139 {

class Eeprom93c46 {
public:
    static constexpr std::size_t kWords = 64;
    using Words = std::array<std::uint16_t, kWords>;

    enum class Phase : std::uint8_t {
        Standby, // waits for the start bit
        Command, // takes the operation code and the address
        Reading, // gives word after word
        Writing, // takes the data
        Ready,   // does what it was told to as soon as it is deselected
        Done,    // waits for being deselected
    };

    struct State {
        Words words{};
        Phase phase{Phase::Standby};
        std::uint8_t command{0}; // operation code and address, once they are complete
        std::uint16_t shift{0};  // what has come in, or has yet to go out
        std::uint8_t bits{0};    // how many of them
        bool write_enabled{false};
        bool selected{false};
        bool clock{false};
        bool out{true};
    };

    // Drives the pins; a bit is taken when the clock rises.
    void drive(bool select, bool clock, bool data);
    bool out() const { return state_.out; }

    const Words& words() const { return state_.words; }
    void set_words(const Words& words) { state_.words = words; }
    // Power comes back: what it remembers stays.
    void reset() { state_ = State{.words = state_.words}; }
    const State& state() const { return state_; }
    void load(const State& state);

private:
    unsigned address() const { return state_.command & (kWords - 1); }
    void clock_rises(bool data);
    void take_command();
    void execute();

    State state_;
};

} // namespace windsor::devices::rtl8139
