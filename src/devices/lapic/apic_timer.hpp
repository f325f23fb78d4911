// SPDX-License-Identifier: GPL-2.0-or-later
// The counter of a local APIC (SDM APIC, "APIC Timer").
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "devices/lapic/spec.hpp"

#include <cstdint>
#include <functional>

namespace windsor::devices::lapic {

// Counts and tells when it expires; whether that makes an interrupt is its owner's business.
class ApicTimer {
public:
    struct State {
        TimerMode mode{TimerMode::OneShot};
        std::uint32_t divide{0}; // divide configuration register
        std::uint32_t initial_count{0};
        bool running{false};
        base::Nanoseconds expiry{0}; // while running: machine time of the next expiry
        std::uint64_t tsc_deadline{0};
    };

    // `due` is called under the machine lock when it is time for expired(). `time_of_tsc` gives the machine time at
    // which the processor's time-stamp counter has the given value; without it, TSC deadlines never come.
    ApicTimer(const base::Clock& clock, base::TimerQueue& timers, std::function<void(base::Nanoseconds now)> due,
              std::function<base::Nanoseconds(std::uint64_t tsc)> time_of_tsc);

    // Goes on to the next period, or stops. True: the counter has come to its end.
    bool expired(base::Nanoseconds now);

    // All that changes it is called under the machine lock, by which the machine's timers are guarded.
    void reset();
    void set_mode(TimerMode mode);
    void set_divide(std::uint32_t value);
    void set_initial_count(std::uint32_t count);
    std::uint32_t current_count() const { return current_count(state_, clock_.now()); }
    // IA32_TSC_DEADLINE; 0 disarms. Ignored, and reads as 0, in the other modes.
    void set_tsc_deadline(std::uint64_t tsc);
    std::uint64_t tsc_deadline() const { return state_.mode == TimerMode::TscDeadline ? state_.tsc_deadline : 0; }
    // The guest has moved its time-stamp counter.
    void tsc_changed();

    const State& state() const { return state_; }
    void load(const State& state);

    // Length of one count, by the divide configuration register.
    static base::Nanoseconds tick(std::uint32_t divide);
    // What such a timer's counter shows at a time.
    static std::uint32_t current_count(const State& state, base::Nanoseconds now);

private:
    base::Nanoseconds tick() const { return tick(state_.divide); }
    static bool counts(TimerMode mode) { return mode == TimerMode::OneShot || mode == TimerMode::Periodic; }
    bool counts() const { return counts(state_.mode); }
    void stop();

    const base::Clock& clock_;
    std::function<base::Nanoseconds(std::uint64_t)> time_of_tsc_;
    State state_;
    base::Timer timer_;
};

} // namespace windsor::devices::lapic
