// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/timer_thread.hpp"

namespace windsor::machine {

TimerThread::TimerThread(std::mutex& lock, base::TimerQueue& timers, const base::Clock& clock)
    : lock_{lock}, timers_{timers}, clock_{clock}
{
    timers_.on_earlier_deadline([this] { changed_.notify_one(); });
    thread_ = std::thread{[this] { thread_main(); }};
}

TimerThread::~TimerThread()
{
    {
        const std::scoped_lock lock{lock_};
        quit_ = true;
        timers_.on_earlier_deadline({});
    }
    changed_.notify_one();
    thread_.join();
}

void TimerThread::set_running(bool running)
{
    running_ = running;
    changed_.notify_one();
}

void TimerThread::thread_main()
{
    std::unique_lock lock{lock_};
    while (!quit_) {
        const auto deadline = running_ ? timers_.next_deadline() : std::nullopt;
        const base::Nanoseconds now = clock_.now();
        if (!deadline) {
            changed_.wait(lock);
        } else if (*deadline > now) {
            changed_.wait_for(lock, std::chrono::nanoseconds{*deadline - now});
        } else {
            timers_.run_due(now);
            // Timers that stay due must not keep the lock from everybody else.
            lock.unlock();
            std::this_thread::yield();
            lock.lock();
        }
    }
}

} // namespace windsor::machine
