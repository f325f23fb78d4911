// SPDX-License-Identifier: GPL-2.0-or-later
// A PS/2 mouse that becomes an IntelliMouse with a wheel, or one with five buttons, when asked in its way.
#pragma once

#include "base/clock.hpp"
#include "devices/i8042/spec.hpp"
#include "devices/ring.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::i8042 {

// In stream mode packets begin at least a sample interval apart, as the guest has set the rate: a guest that handles
// one slowly would take the next for a part of it. Movements add up meanwhile, and until the guest fetches them;
// changes of buttons stay apart, so that no click is lost while fewer than sixteen are waiting.
class Ps2Mouse {
public:
    // What has happened while the buttons stood so; y upwards, wheel towards the user.
    struct Sample {
        std::int32_t dx{0};
        std::int32_t dy{0};
        std::int32_t wheel{0};
        std::uint8_t buttons{0};
    };

    struct State {
        Ring<std::uint8_t, 16> replies{};
        Ring<std::uint8_t, 4> packet{}; // being sent
        Ring<Sample, 16> samples{};
        MouseType type{MouseType::Standard};
        std::array<std::uint8_t, 3> last_rates{}; // newest last
        std::uint8_t rate{100};
        std::uint8_t resolution{2};
        std::uint8_t buttons{0};
        bool reporting{false};
        bool remote{false};
        bool wrap{false};
        bool scaling21{false};
        std::uint8_t awaiting{0}; // the command whose parameter comes next; 0 if none
        std::uint8_t last_sent{0};
        base::Nanoseconds next_packet{0}; // the earliest time for one to begin in stream mode
    };
    static constexpr base::Nanoseconds kLongestInterval = base::kSecond / 10; // of the rates that a mouse knows

    // As backend::Pointer; bits 3 and 4 of `buttons` are the side buttons.
    void move(int dx, int dy, int wheel, std::uint8_t buttons);

    // A byte from the controller.
    void write(std::uint8_t byte);

    // At the time `now`.
    bool has_byte(base::Nanoseconds now) const;
    std::uint8_t take(base::Nanoseconds now);
    // Whether it has something to tell for which it is too early; from when on not.
    bool waits_for_sample() const { return streaming() && !state_.samples.empty(); }
    base::Nanoseconds next_packet() const { return state_.next_packet; }

    void power_on() { state_ = State{}; }
    const State& state() const { return state_; }
    void load(const State& state);

private:
    bool streaming() const { return state_.reporting && !state_.remote && !state_.wrap; }
    // Makes the next packet from the samples.
    void fill_packet(bool scale);
    base::Nanoseconds sample_interval() const;
    void forget_movement();
    void defaults();

    void reply(std::uint8_t byte) { state_.replies.push(byte); }
    void command(MouseCommand command);
    void parameter(std::uint8_t byte);
    void set_rate(std::uint8_t rate);
    void reply_status();
    void read_data();

    State state_;
};

} // namespace windsor::devices::i8042
