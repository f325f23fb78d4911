// SPDX-License-Identifier: GPL-2.0-or-later
// Deadlines on machine time. Not thread-safe: used under the machine lock.
#pragma once

#include "base/clock.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace windsor::base {

class TimerQueue;

// One deadline of one owner. Move-only; disarms itself when it goes.
class Timer {
public:
    Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;
    ~Timer();

    // Calls back once, at or after machine time `deadline`; replaces an earlier deadline.
    void arm(Nanoseconds deadline);
    void disarm();
    bool armed() const;

private:
    friend class TimerQueue;
    struct Slot;
    explicit Timer(std::unique_ptr<Slot> slot);

    std::unique_ptr<Slot> slot_;
};

// Must outlive its timers.
class TimerQueue {
public:
    TimerQueue();
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;
    ~TimerQueue();

    // `callback` is given the machine time at which it runs; it may arm timers again.
    Timer make(std::function<void(Nanoseconds now)> callback);

    // The earliest armed deadline.
    std::optional<Nanoseconds> next_deadline() const;

    // Runs every timer whose deadline is not after `now`, earliest first.
    void run_due(Nanoseconds now);

    // Called whenever the earliest deadline moves forward in time (a sleeper must wake sooner).
    void on_earlier_deadline(std::function<void()> notify) { notify_ = std::move(notify); }

private:
    friend class Timer;
    std::multimap<Nanoseconds, Timer::Slot*> armed_;
    std::function<void()> notify_;
};

} // namespace windsor::base
