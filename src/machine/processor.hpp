// SPDX-License-Identifier: GPL-2.0-or-later
// The host thread of one virtual processor.
#pragma once

#include "vcpu/engine.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace windsor::machine {

class Processor {
public:
    // What ended a run other than pause(). Called on the processor's thread, which then stands parked
    // until resume().
    using Ended = std::function<void(vcpu::HaltReason reason)>;

    Processor(std::unique_ptr<vcpu::Engine> engine, Ended ended);
    // Pauses, then ends the thread.
    ~Processor();
    Processor(const Processor&) = delete;
    Processor& operator=(const Processor&) = delete;

    // Starts or continues; the processor is created parked.
    void resume();
    // Returns when the processor executes nothing any more. Not from its own thread, nor with a lock
    // held that its CpuIo takes.
    void pause();
    // Asks it to park, without waiting; from any thread.
    void request_pause();

    // Raise and lower signals of the engine, and wake it from HLT; from any thread.
    void raise(vcpu::Signal signal);
    void lower(vcpu::Signal signal) { engine_->lower(signal); }

    // Whether it waits in HLT; from any thread.
    bool asleep() const { return asleep_; }

    // While parked.
    vcpu::Engine& engine() { return *engine_; }

private:
    enum class State { Parked, Running };

    void thread_main();
    void run_until_parked();
    // Waits in HLT; false if asked to park.
    bool sleep();
    void wake();

    std::unique_ptr<vcpu::Engine> engine_;
    Ended ended_;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_{State::Parked};
    bool quit_{false};
    std::atomic<bool> pause_requested_{false};
    std::atomic<bool> asleep_{false};
    std::thread thread_;
};

} // namespace windsor::machine
