// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pit/pit.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::pit {

namespace {

// Whole seconds apart from the rest, so that nothing overflows and nothing is rounded twice.
Tick to_ticks(base::Nanoseconds time)
{
    return time / base::kSecond * kFrequency + time % base::kSecond * kFrequency / base::kSecond;
}

// The first nanosecond at which to_ticks() gives `tick`.
base::Nanoseconds to_time(Tick tick)
{
    const std::int64_t rest = tick % kFrequency * base::kSecond;
    return tick / kFrequency * base::kSecond + (rest + kFrequency - 1) / kFrequency;
}

} // namespace

Pit::Pit(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq0, Options options)
    : clock_{clock}, irq0_{irq0}, options_{std::move(options)},
      timer_{timers.make([this](base::Nanoseconds) { update(); })}
{
    reset();
}

Tick Pit::now() const
{
    return to_ticks(clock_.now());
}

void Pit::reset()
{
    for (Counter& counter : counters_) {
        counter.load({.since = now(), .seen = now()});
    }
    owed_edges_ = 0;
    set_gate(kSpeakerCounter, false);
    update();
}

bus::ReadResult Pit::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    if (offset >= kCounters) {
        return bus::all_ones(width); // the control word cannot be read
    }
    return std::uint64_t{counters_[offset].read(now())};
}

bus::AccessStatus Pit::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const auto byte = static_cast<std::uint8_t>(value);
    update();
    const bool new_count = offset == kTimerCounter;
    owed_edges_ = new_count ? 0 : owed_edges_; // of a period that is no more
    if (offset < kCounters) {
        counters_[offset].write_count(now(), byte);
    } else {
        write_control(byte);
    }
    update();
    return bus::AccessStatus::Ok;
}

void Pit::write_control(std::uint8_t value)
{
    const unsigned select = value >> control::kCounterShift;
    if (select == control::kReadBack) {
        for (unsigned i = 0; i < kCounters; ++i) {
            if ((value & (2u << i)) == 0) {
                continue;
            }
            if ((value & control::kNoLatchCount) == 0) {
                counters_[i].latch_count(now());
            }
            if ((value & control::kNoLatchStatus) == 0) {
                counters_[i].latch_status(now());
            }
        }
    } else if (((value >> control::kAccessShift) & 3) == static_cast<unsigned>(AccessMode::Latch)) {
        counters_[select].latch_count(now());
    } else {
        counters_[select].write_control(now(), value);
    }
}

void Pit::update()
{
    const Tick tick = now();
    Counter& counter = counters_[kTimerCounter];
    counter.advance(tick);
    if (const std::int64_t rises = counter.take_rises(); rises > 0) {
        rose(rises);
    }
    irq0_.set_level(counter.out(tick));
    if (const auto next = counter.next_rise(tick)) {
        timer_.arm(to_time(*next));
    } else {
        timer_.disarm();
    }
}

void Pit::send_edge()
{
    irq0_.set_level(false);
    irq0_.set_level(true);
}

void Pit::rose(std::int64_t times)
{
    const Counter::State& counter = counters_[kTimerCounter].state();
    const bool periodic = counter.mode == Mode::RateGenerator || counter.mode == Mode::SquareWave;
    const chipset::TickState last = options_.tick_state ? options_.tick_state() : chipset::TickState::Taken;
    if (options_.missed == chipset::MissedTicks::Collapse || !periodic || last == chipset::TickState::Unwanted) {
        lost_edges_ += static_cast<std::uint64_t>(times - 1);
        owed_edges_ = 0;
        send_edge();
        return;
    }
    const std::int64_t most = std::max<std::int64_t>(kFrequency / std::max<std::int64_t>(counter.period, 1), 1);
    const std::int64_t owed = owed_edges_ + times;
    owed_edges_ = std::min(owed, most);
    lost_edges_ += static_cast<std::uint64_t>(owed - owed_edges_);
    if (last == chipset::TickState::Taken) {
        --owed_edges_;
        send_edge();
    }
}

void Pit::interrupt_taken()
{
    if (owed_edges_ == 0) {
        return;
    }
    switch (options_.tick_state ? options_.tick_state() : chipset::TickState::Taken) {
    case chipset::TickState::Taken:
        --owed_edges_;
        send_edge();
        irq0_.set_level(counters_[kTimerCounter].out(now()));
        break;
    case chipset::TickState::Pending: break;
    case chipset::TickState::Unwanted: owed_edges_ = 0; break;
    }
}

void Pit::set_gate(unsigned counter, bool level)
{
    counters_[counter].set_gate(now(), level);
    update();
}

bool Pit::gate(unsigned counter) const
{
    return counters_[counter].gate();
}

bool Pit::out(unsigned counter)
{
    counters_[counter].advance(now());
    return counters_[counter].out(now());
}

Pit::State Pit::state() const
{
    State state{.lost_edges = lost_edges_, .owed_edges = owed_edges_};
    for (unsigned i = 0; i < kCounters; ++i) {
        state.counters[i] = counters_[i].state();
    }
    return state;
}

void Pit::load(const State& state)
{
    for (unsigned i = 0; i < kCounters; ++i) {
        counters_[i].load(state.counters[i]);
    }
    lost_edges_ = state.lost_edges;
    owed_edges_ = std::clamp<std::int64_t>(state.owed_edges, 0, kFrequency);
    irq0_.restore_level(counters_[kTimerCounter].out(counters_[kTimerCounter].state().seen));
    update();
}

SystemControlPort::SystemControlPort(Pit& pit, const base::Clock& clock) : pit_{pit}, clock_{clock} {}

bus::ReadResult SystemControlPort::read(std::uint64_t, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const bool toggle = (clock_.now() / port61::kRefreshPeriod & 1) != 0;
    return std::uint64_t{state_.written} | (toggle ? port61::kRefreshToggle : 0u) |
           (pit_.out(kSpeakerCounter) ? port61::kOut2 : 0u);
}

bus::AccessStatus SystemControlPort::write(std::uint64_t, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    state_.written = value & port61::kWritable;
    pit_.set_gate(kSpeakerCounter, (value & port61::kGate2) != 0);
    return bus::AccessStatus::Ok;
}

void SystemControlPort::reset()
{
    state_ = {};
    pit_.set_gate(kSpeakerCounter, false);
}

} // namespace windsor::devices::pit
