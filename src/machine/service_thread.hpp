// SPDX-License-Identifier: GPL-2.0-or-later
// The host thread that serves the machine: timers when their time has come, and work that other threads post.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace windsor::machine {

class ServiceThread {
public:
    // `machine_lock` is what timers and posted work run under. All outlive the thread.
    ServiceThread(std::mutex& machine_lock, base::TimerQueue& timers, const base::Clock& clock);
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
    // Under mutex_: waits until there is something to do. False to end.
    bool wait(std::unique_lock<std::mutex>& lock);
    void kick();

    std::mutex& machine_lock_;
    base::TimerQueue& timers_; // under machine_lock_
    const base::Clock& clock_;

    std::atomic<bool> running_{false}; // false before a lock of machine_lock_: no timer runs after it
    std::mutex mutex_; // taken after machine_lock_; guards what follows
    std::condition_variable changed_;
    std::vector<std::function<void()>> posted_;
    std::optional<base::Nanoseconds> deadline_;
    bool kicked_{false};
    bool quit_{false};
    std::thread thread_;
};

} // namespace windsor::machine
