// SPDX-License-Identifier: GPL-2.0-or-later
// Causes of interrupts, their mask, and what keeps interrupts apart: sections 13.4.17 to 13.4.21 and 3.2.7.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "devices/e1000/spec.hpp"
#include "pci/function.hpp"

#include <cstdint>
#include <optional>

namespace windsor::devices::e1000 {

// Whether the function is in D0; in D3 it neither interrupts nor moves data.
bool is_awake(const pci::Function& function);

// Delays of a kind of interrupt, in registers' units: the one begins anew with each frame, the other does not.
struct Delays {
    std::uint32_t relative{0};
    std::uint32_t absolute{0};
};

class Interrupts {
public:
    // A cause that will be shown later.
    struct Delayed {
        std::optional<base::Nanoseconds> at{};
        std::optional<base::Nanoseconds> latest{};
    };
    struct State {
        std::uint32_t causes{0};
        std::uint32_t mask{0};
        std::uint32_t interval{0};                    // ITR
        std::optional<base::Nanoseconds> quiet_until{}; // no interrupt begins before
        Delayed received{};
        Delayed transmitted{};
    };

    // All outlive it. It drives the function's interrupt.
    Interrupts(const base::Clock& clock, base::TimerQueue& timers, pci::Function& function);
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    void raise(std::uint32_t causes);
    // RXT0 and TXDW, after the delays if there are any.
    void raise_received(const Delays& delays) { delay(state_.received, cause::kReceived, delays); }
    void raise_transmitted(const Delays& delays) { delay(state_.transmitted, cause::kTransmitted, delays); }
    // What waits for a delay comes now.
    void flush_received() { flush(state_.received, cause::kReceived); }
    void flush_transmitted() { flush(state_.transmitted, cause::kTransmitted); }

    std::uint32_t take_causes(); // ICR clears when it is read
    void clear_causes(std::uint32_t causes);
    std::uint32_t mask() const { return state_.mask; }
    void set_mask(std::uint32_t causes);
    void clear_mask(std::uint32_t causes);
    std::uint32_t interval() const { return state_.interval; }
    void set_interval(std::uint32_t interval);

    // Delays that have passed, and the state of the line.
    void settle();
    void reset();
    const State& state() const { return state_; }
    // After the function's load(); makes no edge.
    void load(const State& state);
    // Whether the line may be high in this state.
    static bool due(const State& state) { return (state.causes & state.mask & cause::kAll) != 0; }

private:
    void delay(Delayed& delayed, std::uint32_t cause, const Delays& delays);
    void flush(Delayed& delayed, std::uint32_t cause);
    void pass(Delayed& delayed, std::uint32_t cause);
    void drive();
    void arm();

    const base::Clock& clock_;
    pci::Function& function_;
    base::Timer timer_;
    std::optional<base::Nanoseconds> armed_for_; // the timer's deadline as it was last
    State state_;
};

} // namespace windsor::devices::e1000
