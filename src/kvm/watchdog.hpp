// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mutex.hpp"
#include "vcpu/engine.hpp"

#include <chrono>
#include <thread>

namespace windsor::kvm {

// Stops an engine that has not ended by itself in time.
class Watchdog {
public:
    Watchdog(vcpu::Engine& engine, std::chrono::seconds patience)
        : thread_{[this, &engine, patience] { watch(engine, patience); }}
    {
    }
    ~Watchdog()
    {
        {
            const base::MutexLock lock{mutex_};
            done_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    void watch(vcpu::Engine& engine, std::chrono::seconds patience)
    {
        const base::MutexLock lock{mutex_};
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!done_ && changed_.wait_until(mutex_, end)) {
        }
        if (!done_) {
            engine.signals().raise(vcpu::Signal::Stop);
        }
    }

    base::Mutex mutex_;
    base::Condition changed_;
    bool done_ WINDSOR_GUARDED_BY(mutex_){false};
    std::thread thread_;
};

} // namespace windsor::kvm
