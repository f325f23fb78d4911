// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/lapic/apic_timer.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::lapic {

namespace {

// Divide configuration: bits 3, 1 and 0 make 0 to 6 for a division by 2 to 128, and 7 for none.
constexpr std::int64_t divisor(std::uint32_t value)
{
    const std::uint32_t coded = (value & 3) | (value >> 1 & 4);
    return std::int64_t{1} << (coded + 1) % 8;
}

static_assert(base::kSecond % kBusHertz == 0);
constexpr base::Nanoseconds kBusPeriod = base::kSecond / kBusHertz;

// Keeps deadlines from wherever they come in a range where sums cannot overflow.
constexpr base::Nanoseconds kFarFuture = base::Nanoseconds{1} << 61;

constexpr base::Nanoseconds bounded(base::Nanoseconds deadline)
{
    return std::clamp<base::Nanoseconds>(deadline, 0, kFarFuture);
}

} // namespace

ApicTimer::ApicTimer(const base::Clock& clock, base::TimerQueue& timers, std::function<void(base::Nanoseconds)> due,
                     std::function<base::Nanoseconds(std::uint64_t)> time_of_tsc)
    : clock_{clock}, time_of_tsc_{std::move(time_of_tsc)}, timer_{timers.make(std::move(due))}
{
}

base::Nanoseconds ApicTimer::tick(std::uint32_t divide)
{
    return kBusPeriod * divisor(divide);
}

void ApicTimer::reset()
{
    stop();
    state_ = {};
}

void ApicTimer::stop()
{
    state_.running = false;
    state_.tsc_deadline = 0;
    timer_.disarm();
}

// Switching between one-shot and periodic lets the count go on; to or from TSC-deadline mode disarms.
void ApicTimer::set_mode(TimerMode mode)
{
    if (mode == state_.mode) {
        return;
    }
    const bool goes_on = counts() && current_count() != 0;
    state_.mode = mode;
    if (!goes_on || !counts()) {
        stop();
    }
}

void ApicTimer::set_divide(std::uint32_t value)
{
    const std::uint32_t current = current_count();
    state_.divide = value & 0xb;
    if (state_.running && counts()) {
        state_.expiry = clock_.now() + current * tick();
        timer_.arm(state_.expiry);
    }
}

void ApicTimer::set_initial_count(std::uint32_t count)
{
    if (!counts()) {
        return;
    }
    state_.initial_count = count;
    if (count == 0) {
        stop();
        return;
    }
    state_.running = true;
    state_.expiry = clock_.now() + count * tick();
    timer_.arm(state_.expiry);
}

std::uint32_t ApicTimer::current_count(const State& state, base::Nanoseconds now)
{
    if (!state.running || !counts(state.mode)) {
        return 0;
    }
    const base::Nanoseconds length = tick(state.divide);
    const base::Nanoseconds left = state.expiry - now;
    if (left > 0) {
        return static_cast<std::uint32_t>(std::min<base::Nanoseconds>((left + length - 1) / length, 0xffffffff));
    }
    if (state.mode == TimerMode::OneShot || state.initial_count == 0) {
        return 0;
    }
    const auto passed = static_cast<std::uint64_t>(-left / length) % state.initial_count;
    return state.initial_count - static_cast<std::uint32_t>(passed);
}

void ApicTimer::set_tsc_deadline(std::uint64_t tsc)
{
    if (state_.mode != TimerMode::TscDeadline) {
        return;
    }
    state_.tsc_deadline = tsc;
    tsc_changed();
}

void ApicTimer::tsc_changed()
{
    if (state_.mode != TimerMode::TscDeadline) {
        return;
    }
    state_.running = state_.tsc_deadline != 0 && time_of_tsc_;
    if (state_.running) {
        state_.expiry = bounded(time_of_tsc_(state_.tsc_deadline));
        timer_.arm(state_.expiry);
    } else {
        timer_.disarm();
    }
}

// Periods that were missed altogether are not made up for.
bool ApicTimer::expired(base::Nanoseconds now)
{
    if (!state_.running) {
        return false;
    }
    if (state_.mode == TimerMode::Periodic && state_.initial_count != 0) {
        const base::Nanoseconds period = state_.initial_count * tick();
        const base::Nanoseconds missed = now > state_.expiry ? (now - state_.expiry) / period : 0;
        state_.expiry += (missed + 1) * period;
        timer_.arm(std::max(state_.expiry, now + kShortestPeriod));
    } else {
        state_.running = false;
        state_.tsc_deadline = 0;
    }
    return true;
}

void ApicTimer::load(const State& state)
{
    timer_.disarm();
    state_ = state;
    state_.divide &= 0xb;
    state_.expiry = bounded(state_.expiry);
    if (state_.running) {
        timer_.arm(state_.expiry);
    }
}

} // namespace windsor::devices::lapic
