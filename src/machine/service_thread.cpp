// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/service_thread.hpp"

#include "sandbox/thread_role.hpp"

#include <utility>

namespace windsor::machine {

ServiceThread::ServiceThread(bus::MachineLock& machine_lock, base::TimerQueue& timers, const base::Clock& clock)
    : machine_lock_{machine_lock}, timers_{timers}, clock_{clock}
{
    timers_.on_earlier_deadline([this] { kick(); });
    thread_ = std::thread{[this] {
        sandbox::confine_thread(sandbox::ThreadRole::Service);
        thread_main();
    }};
}

ServiceThread::~ServiceThread()
{
    {
        const base::MutexLock lock{mutex_};
        quit_ = true;
    }
    changed_.notify_one();
    thread_.join();
    timers_.on_earlier_deadline({});
}

void ServiceThread::post(std::function<void()> work)
{
    {
        const base::MutexLock lock{mutex_};
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
        const base::MutexLock lock{mutex_};
        kicked_ = true;
    }
    changed_.notify_one();
}

bool ServiceThread::wait()
{
    while (!quit_ && !kicked_ && posted_.empty()) {
        if (!running_ || !deadline_) {
            changed_.wait(mutex_);
            continue;
        }
        const std::chrono::nanoseconds left{*deadline_ - clock_.now()};
        if (left.count() <= 0 || !changed_.wait_until(mutex_, std::chrono::steady_clock::now() + left)) {
            break;
        }
    }
    kicked_ = false;
    return !quit_;
}

std::optional<base::Nanoseconds> ServiceThread::serve(const std::vector<std::function<void()>>& work, bool timers)
{
    const bus::MachineGuard guard{machine_lock_};
    for (const auto& item : work) {
        item();
    }
    if (running_ && timers) {
        timers_.run_due(clock_.now());
    }
    return timers_.next_deadline();
}

void ServiceThread::thread_main()
{
    const base::MutexLock lock{mutex_};
    for (bool go_on = true; go_on;) {
        go_on = wait();
        const auto work = std::exchange(posted_, {});
        std::optional<base::Nanoseconds> deadline;
        {
            const base::MutexUnlock unlocked{mutex_};
            deadline = serve(work, go_on);
        }
        deadline_ = deadline;
    }
}

} // namespace windsor::machine
