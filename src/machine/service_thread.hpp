// SPDX-License-Identifier: GPL-2.0-or-later
// The host thread that serves the machine: timers when their time has come, and work that other threads post.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/timer.hpp"
#include "bus/machine_lock.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

namespace windsor::machine {

class ServiceThread {
public:
    // `machine_lock` is what timers and posted work run under. All outlive the thread.
    ServiceThread(bus::MachineLock& machine_lock, base::TimerQueue& timers, const base::Clock& clock);
    // Runs what is still posted, then ends.
    ~ServiceThread();
    ServiceThread(const ServiceThread&) = delete;
    ServiceThread& operator=(const ServiceThread&) = delete;

    // Runs `work` soon, under the machine lock. From any thread, whatever it holds.
    void post(std::function<void()> work);
    // Timers fire only while running, that is while the clock goes.
    void set_running(bool running);

private:
    void thread_main();
    // Waits until there is something to do. False to end.
    bool wait() WINDSOR_REQUIRES(mutex_);
    // Runs the work, and the timers that are due if so wanted. Gives the next deadline.
    std::optional<base::Nanoseconds> serve(const std::vector<std::function<void()>>& work, bool timers);
    void kick();

    bus::MachineLock& machine_lock_;
    base::TimerQueue& timers_ WINDSOR_GUARDED_BY(bus::kMachineLock);
    const base::Clock& clock_;

    std::atomic<bool> running_{false}; // false before a lock of machine_lock_: no timer runs after it
    base::Mutex mutex_; // taken after machine_lock_
    base::Condition changed_;
    std::vector<std::function<void()>> posted_ WINDSOR_GUARDED_BY(mutex_);
    std::optional<base::Nanoseconds> deadline_ WINDSOR_GUARDED_BY(mutex_);
    bool kicked_ WINDSOR_GUARDED_BY(mutex_){false};
    bool quit_ WINDSOR_GUARDED_BY(mutex_){false};
    std::thread thread_;
};

} // namespace windsor::machine
