// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/timer.hpp"

#include <utility>

namespace windsor::base {

struct Timer::Slot {
    TimerQueue& queue;
    std::function<void(Nanoseconds)> callback;
    std::optional<std::multimap<Nanoseconds, Slot*>::iterator> place{};
};

Timer::Timer(std::unique_ptr<Slot> slot) : slot_{std::move(slot)} {}
Timer::Timer() = default;
Timer::Timer(Timer&&) noexcept = default;

Timer& Timer::operator=(Timer&& other) noexcept
{
    disarm();
    slot_ = std::move(other.slot_);
    return *this;
}

Timer::~Timer()
{
    disarm();
}

void Timer::arm(Nanoseconds deadline)
{
    if (!slot_) {
        return;
    }
    disarm();
    TimerQueue& queue = slot_->queue;
    const bool earlier = queue.armed_.empty() || deadline < queue.armed_.begin()->first;
    slot_->place = queue.armed_.emplace(deadline, slot_.get());
    if (earlier && queue.notify_) {
        queue.notify_();
    }
}

void Timer::disarm()
{
    if (armed()) {
        slot_->queue.armed_.erase(*slot_->place);
        slot_->place.reset();
    }
}

bool Timer::armed() const
{
    return slot_ && slot_->place;
}

TimerQueue::TimerQueue() = default;
TimerQueue::~TimerQueue() = default;

Timer TimerQueue::make(std::function<void(Nanoseconds)> callback)
{
    return Timer{std::make_unique<Timer::Slot>(*this, std::move(callback))};
}

std::optional<Nanoseconds> TimerQueue::next_deadline() const
{
    if (armed_.empty()) {
        return std::nullopt;
    }
    return armed_.begin()->first;
}

void TimerQueue::run_due(Nanoseconds now)
{
    while (!armed_.empty() && armed_.begin()->first <= now) {
        Timer::Slot* slot = armed_.begin()->second;
        armed_.erase(armed_.begin());
        slot->place.reset();
        slot->callback(now);
    }
}

} // namespace windsor::base
