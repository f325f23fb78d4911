// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "vcpu/engine.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
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
            const std::scoped_lock lock{mutex_};
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
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, patience, [this] { return done_; })) {
            engine.raise(vcpu::Signal::Stop);
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_{false};
    std::thread thread_;
};

} // namespace windsor::kvm
