// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/service_thread.hpp"

#include <utility>

namespace windsor::machine {

ServiceThread::ServiceThread(std::mutex& machine_lock, base::TimerQueue& timers, const base::Clock& clock)
    : machine_lock_{machine_lock}, timers_{timers}, clock_{clock}
{
    timers_.on_earlier_deadline([this] { kick(); });
    thread_ = std::thread{[this] { thread_main(); }};
}

ServiceThread::~ServiceThread()
{
    {
        const std::scoped_lock lock{mutex_};
        quit_ = true;
    }
    changed_.notify_one();
    thread_.join();
    timers_.on_earlier_deadline({});
}

void ServiceThread::post(std::function<void()> work)
{
    {
        const std::scoped_lock lock{mutex_};
        posted_.push_back(std::move(work));
    }
    changed_.notify_one();
}

void ServiceThread::set_running(bool running)
{
    running_ = running;
    kick();
}

void ServiceThread::kick()
{
    {
        const std::scoped_lock lock{mutex_};
        kicked_ = true;
    }
    changed_.notify_one();
}

bool ServiceThread::wait(std::unique_lock<std::mutex>& lock)
{
    const auto something_to_do = [this] { return quit_ || kicked_ || !posted_.empty(); };
    if (!running_ || !deadline_) {
        changed_.wait(lock, something_to_do);
    } else {
        changed_.wait_for(lock, std::chrono::nanoseconds{*deadline_ - clock_.now()}, something_to_do);
    }
    kicked_ = false;
    return !quit_;
}

void ServiceThread::thread_main()
{
    std::unique_lock lock{mutex_};
    for (bool go_on = true; go_on;) {
        go_on = wait(lock);
        const auto work = std::exchange(posted_, {});
        lock.unlock();
        std::optional<base::Nanoseconds> deadline;
        {
            const std::scoped_lock machine{machine_lock_};
            for (const auto& item : work) {
                item();
            }
            if (running_ && go_on) {
                timers_.run_due(clock_.now());
            }
            deadline = timers_.next_deadline();
        }
        lock.lock();
        deadline_ = deadline;
    }
}

} // namespace windsor::machine
