// SPDX-License-Identifier: GPL-2.0-or-later
// One counter of an 8254 as a function of the number of its clock pulses.
#pragma once

#include "devices/pit/spec.hpp"

#include <cstdint>
#include <optional>

namespace windsor::devices::pit {

// CLK pulses since machine time zero.
using Tick = std::int64_t;

// Nothing happens by itself: each call says at which tick it comes, never earlier than the call before.
class Counter {
public:
    struct State {
        Mode mode{Mode::InterruptOnTerminalCount};
        AccessMode access{AccessMode::LowThenHigh};
        bool bcd{false};
        bool gate{true};
        bool programmed{false};   // a control word has come
        bool loaded{false};       // the counting element holds a count of this mode
        bool triggered{false};    // modes 1 and 5: by a rising gate
        bool counting{false};     // else `elapsed` stands still
        bool has_pending{false};  // `pending` replaces `period` at the next reload
        bool write_high{false};   // the next write is the high byte
        bool read_high{false};    // the next unlatched read is the high byte
        bool status_latched{false};
        std::uint8_t count_bytes_latched{0};
        std::uint8_t latched_status{0};
        std::uint8_t low_byte{0};
        std::uint16_t latched_count{0};
        std::int64_t period{0x10000};  // the count in pulses: 1 to 65,536 (10,000 in BCD)
        std::int64_t pending{0x10000};
        Tick since{0};         // counting: the tick at which `elapsed` was right
        std::int64_t elapsed{0}; // pulses counted since the count was loaded
        Tick seen{0};            // how far rises of OUT have been counted
        std::int64_t rises{0};   // that nobody has taken yet
    };

    void write_control(Tick now, std::uint8_t control);
    void write_count(Tick now, std::uint8_t byte);
    std::uint8_t read(Tick now);
    void latch_count(Tick now);
    void latch_status(Tick now);
    void set_gate(Tick now, bool level);
    bool gate() const { return state_.gate; }

    // The level of OUT.
    bool out(Tick now) const;
    // The next tick after `now` at which OUT rises by itself.
    std::optional<Tick> next_rise(Tick now) const;
    // Counts the rises up to `now` and makes a reload that was due happen. The other calls do it first.
    void advance(Tick now);
    // How often OUT has risen by itself since the last call.
    std::int64_t take_rises();

    const State& state() const { return state_; }
    void load(const State& state);

private:
    bool periodic() const { return state_.mode == Mode::RateGenerator || state_.mode == Mode::SquareWave; }
    bool gate_triggers() const { return state_.mode == Mode::HardwareOneShot || state_.mode == Mode::HardwareStrobe; }
    std::int64_t elapsed(Tick now) const;
    std::int64_t cycle() const;      // pulses of a period, at least 2
    std::int64_t high_part() const;  // of them with OUT high
    std::uint16_t count(Tick now) const;
    std::optional<Tick> unhindered_rise(Tick now) const;
    std::int64_t rises(Tick after, Tick now) const;
    std::optional<Tick> reload_tick() const;
    void reload(Tick at);
    void start(Tick at);
    void new_count(Tick now, std::int64_t period);

    State state_;
};

} // namespace windsor::devices::pit
