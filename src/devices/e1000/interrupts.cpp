// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/interrupts.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::e1000 {

namespace {

constexpr std::uint32_t kIntervalMask = 0xffff;
constexpr std::uint32_t kDelayMask = 0xffff;
constexpr base::Nanoseconds kLongestDelay = kDelayMask * kDelayUnit;
constexpr base::Nanoseconds kLongestInterval = kIntervalMask * kIntervalUnit;

void keep_before(std::optional<base::Nanoseconds>& deadline, base::Nanoseconds latest)
{
    if (deadline) {
        deadline = std::min(*deadline, latest);
    }
}

} // namespace

bool is_awake(const pci::Function& function)
{
    return (function.config16(pm::kControl) & pm::kStateMask) == 0;
}

Interrupts::Interrupts(const base::Clock& clock, base::TimerQueue& timers, pci::Function& function)
    : clock_{clock}, function_{function}, timer_{timers.make([this](base::Nanoseconds) { settle(); })}
{
}

void Interrupts::raise(std::uint32_t causes)
{
    state_.causes |= causes & cause::kAll;
    drive();
}

// A frame puts the interrupt off, but not beyond the absolute delay, or the longest one if there is none.
void Interrupts::delay(Delayed& delayed, std::uint32_t cause, const Delays& delays)
{
    if (delays.relative == 0) {
        flush(delayed, 0);
        raise(cause);
        return;
    }
    const base::Nanoseconds now = clock_.now();
    if (!delayed.latest) {
        const std::uint32_t absolute = delays.absolute == 0 ? kDelayMask : delays.absolute;
        delayed.latest = now + absolute * kDelayUnit;
    }
    delayed.at = std::min(now + delays.relative * kDelayUnit, *delayed.latest);
    settle();
}

void Interrupts::flush(Delayed& delayed, std::uint32_t cause)
{
    const bool waits = delayed.at.has_value();
    delayed = {};
    if (waits) {
        raise(cause);
    }
}

void Interrupts::pass(Delayed& delayed, std::uint32_t cause)
{
    if (delayed.at && *delayed.at <= clock_.now()) {
        delayed = {};
        state_.causes |= cause;
    }
}

void Interrupts::settle()
{
    pass(state_.received, cause::kReceived);
    pass(state_.transmitted, cause::kTransmitted);
    if (state_.quiet_until && *state_.quiet_until <= clock_.now()) {
        state_.quiet_until.reset();
    }
    drive();
}

// An interrupt begins at most once an interval; one that comes too early waits, and comes if its cause is still there.
void Interrupts::drive()
{
    const bool wanted = due(state_) && is_awake(function_);
    const base::Nanoseconds now = clock_.now();
    if (!wanted) {
        function_.set_interrupt(false);
    } else if (!function_.interrupt() && (!state_.quiet_until || *state_.quiet_until <= now)) {
        state_.quiet_until.reset();
        if (state_.interval != 0) {
            state_.quiet_until = now + state_.interval * kIntervalUnit;
        }
        function_.set_interrupt(true);
    }
    arm();
}

void Interrupts::arm()
{
    std::optional<base::Nanoseconds> next;
    const auto consider = [&next](const std::optional<base::Nanoseconds>& deadline) {
        if (deadline && (!next || *deadline < *next)) {
            next = deadline;
        }
    };
    consider(state_.received.at);
    consider(state_.transmitted.at);
    if (due(state_) && is_awake(function_) && !function_.interrupt()) {
        consider(state_.quiet_until ? state_.quiet_until : clock_.now());
    }
    if (next != armed_for_ || next.has_value() != timer_.armed()) { // most accesses change no deadline
        armed_for_ = next;
        if (next) {
            timer_.arm(*next);
        } else {
            timer_.disarm();
        }
    }
}

std::uint32_t Interrupts::take_causes()
{
    const std::uint32_t causes = std::exchange(state_.causes, 0);
    drive();
    return causes;
}

void Interrupts::clear_causes(std::uint32_t causes)
{
    state_.causes &= ~causes;
    drive();
}

void Interrupts::set_mask(std::uint32_t causes)
{
    state_.mask |= causes & cause::kAll;
    drive();
}

void Interrupts::clear_mask(std::uint32_t causes)
{
    state_.mask &= ~causes;
    drive();
}

void Interrupts::set_interval(std::uint32_t interval)
{
    state_.interval = interval & kIntervalMask;
    keep_before(state_.quiet_until, clock_.now() + state_.interval * kIntervalUnit);
    settle();
}

void Interrupts::reset()
{
    state_ = {};
    drive();
}

void Interrupts::load(const State& state)
{
    state_ = state;
    state_.causes &= cause::kAll;
    state_.mask &= cause::kAll;
    state_.interval &= kIntervalMask;
    const base::Nanoseconds now = clock_.now();
    keep_before(state_.quiet_until, now + kLongestInterval);
    if (state_.quiet_until && *state_.quiet_until <= now) {
        state_.quiet_until.reset(); // settle() had done so before it was saved
    }
    for (Delayed* const delayed : {&state_.received, &state_.transmitted}) {
        if (!delayed->at || !delayed->latest) {
            *delayed = {};
        }
        keep_before(delayed->latest, now + kLongestDelay);
        keep_before(delayed->at, now + kLongestDelay);
    }
    arm();
}

} // namespace windsor::devices::e1000
