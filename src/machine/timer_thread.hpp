// SPDX-License-Identifier: GPL-2.0-or-later
// The host thread that makes machine timers fire when their time has come.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace windsor::machine {

class TimerThread {
public:
    // `lock` is the machine lock, under which timers are armed and run. All outlive the thread.
    TimerThread(std::mutex& lock, base::TimerQueue& timers, const base::Clock& clock);
    ~TimerThread();
    TimerThread(const TimerThread&) = delete;
    TimerThread& operator=(const TimerThread&) = delete;

    // The clock was started or stopped. Called with the machine lock held.
    void set_running(bool running);

private:
    void thread_main();

    std::mutex& lock_;
    base::TimerQueue& timers_;
    const base::Clock& clock_;
    std::condition_variable changed_;
    bool running_{false};
    bool quit_{false};
    std::thread thread_;
};

} // namespace windsor::machine
