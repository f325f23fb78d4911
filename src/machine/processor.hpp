// SPDX-License-Identifier: GPL-2.0-or-later
// The host thread of one virtual processor.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "vcpu/engine.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace windsor::machine {

class Processor {
public:
    // What ended a run other than pause(). Called on the processor's thread, which then goes on, having been sent a
    // signal, or stands parked until resume().
    enum class Then : std::uint8_t { GoOn, Park };
    using Ended = std::function<Then(vcpu::Engine& engine, vcpu::HaltReason reason)>;

    // It gets its engine by replace(), before anything else is asked of it but its signals.
    explicit Processor(Ended ended);
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

    // What others ask of it; from any thread.
    vcpu::Signals& signals() { return signals_; }

    // The address line 20 gate: at once for the processor whose access switches it, and for the others before they
    // run on.
    void set_a20(bool open);

    // Whether it waits in HLT; from any thread.
    bool asleep() const;

    // The host's thread, as the kernel numbers it; zero until it runs.
    int thread_id() const { return thread_id_; }
    // The host's processor on which the thread has run last; 0 while that is not known.
    int host_processor() const;
    // Processor time that its thread has used.
    base::Nanoseconds host_time() const;

    // While parked.
    vcpu::Engine& engine() { return *engine_; }
    // Another engine instead, which has the state of the old one, if any, and these signals. While parked.
    std::unique_ptr<vcpu::Engine> replace(std::unique_ptr<vcpu::Engine> engine);

private:
    enum class State { Parked, Running };

    void thread_main();
    void run_until_parked();
    // Waits in HLT; false if asked to park.
    bool sleep();
    void follow_a20();

    enum class A20 : std::uint8_t { AsItIs, Open, Closed };

    vcpu::Signals signals_;
    std::unique_ptr<vcpu::Engine> engine_;
    Ended ended_;
    base::Mutex mutex_;
    base::Condition changed_;
    State state_ WINDSOR_GUARDED_BY(mutex_){State::Parked};
    bool quit_ WINDSOR_GUARDED_BY(mutex_){false};
    std::atomic<bool> pause_requested_{false};
    std::atomic<bool> asleep_{false};
    std::atomic<A20> wanted_a20_{A20::AsItIs};
    std::atomic<int> thread_id_{0};
    std::atomic<const std::uint32_t*> where_it_runs_{
        nullptr}; // the kernel writes there; it lasts as long as the thread
    std::thread thread_;
};

} // namespace windsor::machine
