// SPDX-License-Identifier: GPL-2.0-or-later
// The host thread of one virtual processor.
#pragma once

#include "base/clock.hpp"
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
    using Ended = std::function<void(vcpu::Engine& engine, vcpu::HaltReason reason)>;

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
    void raise_sipi(std::uint8_t vector);

    // The address line 20 gate: at once for the processor whose access switches it, and for the others before they
    // run on.
    void set_a20(bool open);

    // Whether it waits in HLT; from any thread.
    bool asleep() const;

    // The host's thread, as the kernel numbers it; zero until it runs.
    int thread_id() const { return thread_id_; }
    // Processor time that its thread has used.
    base::Nanoseconds host_time() const;

    // While parked.
    vcpu::Engine& engine() { return *engine_; }
    // Another engine instead, which has the state of the old one. While parked, and nobody raises or lowers signals.
    std::unique_ptr<vcpu::Engine> replace(std::unique_ptr<vcpu::Engine> engine);

private:
    enum class State { Parked, Running };

    void thread_main();
    void run_until_parked();
    // Waits in HLT; false if asked to park.
    bool sleep();
    void wake();
    void follow_a20();

    enum class A20 : std::uint8_t { AsItIs, Open, Closed };

    std::unique_ptr<vcpu::Engine> engine_;
    Ended ended_;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_{State::Parked};
    bool quit_{false};
    std::atomic<bool> pause_requested_{false};
    std::atomic<bool> asleep_{false};
    std::atomic<A20> wanted_a20_{A20::AsItIs};
    std::atomic<int> thread_id_{0};
    std::thread thread_;
};

} // namespace windsor::machine
