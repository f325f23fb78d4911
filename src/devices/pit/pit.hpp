// SPDX-License-Identifier: GPL-2.0-or-later
// The PC's 8254 interval timer and port 0x61.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "chipset/missed_ticks.hpp"
#include "chipset/outlets.hpp"
#include "devices/pit/counter.hpp"

#include <array>
#include <cstdint>
#include <functional>

namespace windsor::devices::pit {

struct PitOptions {
    chipset::MissedTicks missed{chipset::MissedTicks::Collapse};
    // Of the last edge at `irq0`. Needed for MissedTicks::Deliver.
    std::function<chipset::TickState()> tick_state{};
};

// Ports 0x40 to 0x43. Counter 0 drives `irq0`.
//
// Interrupts: the line rises when OUT of counter 0 does. The machine wakes for rises only; the line falls at the
// next access or just before the next rise. If OUT has risen several times because the host was late, or the guest has
// not taken the last interrupt yet, Options::missed decides: edges are lost, or owed. Those owed follow one by one when
// the guest has taken the one before; more than a second's worth is never owed. The timer is armed for true rises only,
// so that nothing drifts.
class Pit final : public bus::AccessHandler, public chipset::TickSource {
public:
    using Options = PitOptions;
    struct State {
        std::array<Counter::State, kCounters> counters{};
        std::uint64_t lost_edges{0};
        std::int64_t owed_edges{0};
    };

    // `clock` and `timers` outlive the chip.
    Pit(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq0 = {}, Options options = {});
    Pit(const Pit&) = delete;
    Pit& operator=(const Pit&) = delete;

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    // GATE and OUT pins; the gates of counters 0 and 1 are tied high on a PC. `counter` is below kCounters.
    void set_gate(unsigned counter, bool level);
    bool gate(unsigned counter) const;
    bool out(unsigned counter);

    // The processor has taken an interrupt, perhaps this one: sends an edge that is owed.
    void interrupt_taken() override;

    // Edges of counter 0 that were not delivered, and never will be.
    std::uint64_t lost_edges() const { return lost_edges_; }

    // Brings counter 0 up to the present; interrupts that are due come.
    void settle() { update(); }
    void reset();
    State state() const;
    void load(const State& state);

private:
    Tick now() const;
    void write_control(std::uint8_t value);
    // Brings `irq0` and its timer up to date.
    void update();
    void rose(std::int64_t times);
    void send_edge();

    const base::Clock& clock_;
    bus::IrqLine irq0_;
    std::array<Counter, kCounters> counters_;
    Options options_;
    std::uint64_t lost_edges_{0};
    std::int64_t owed_edges_{0};
    base::Timer timer_;
};

// Port 0x61: gate of counter 2, speaker, refresh toggle. Its NMI sources never fire.
class SystemControlPort final : public bus::AccessHandler {
public:
    struct State {
        std::uint8_t written{0};
    };

    SystemControlPort(Pit& pit, const base::Clock& clock);

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    void reset();
    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    Pit& pit_;
    const base::Clock& clock_;
    State state_;
};

} // namespace windsor::devices::pit
