// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/processor.hpp"

#include <ctime>
#include <pthread.h>
#include <unistd.h>
#include <utility>

namespace windsor::machine {

Processor::Processor(std::unique_ptr<vcpu::Engine> engine, Ended ended)
    : engine_{std::move(engine)}, ended_{std::move(ended)}, thread_{[this] { thread_main(); }}
{
}

Processor::~Processor()
{
    pause();
    {
        const std::scoped_lock lock{mutex_};
        quit_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Processor::resume()
{
    {
        const std::scoped_lock lock{mutex_};
        pause_requested_ = false;
        engine_->lower(vcpu::Signal::Stop);
        state_ = State::Running;
    }
    changed_.notify_all();
}

void Processor::request_pause()
{
    pause_requested_ = true;
    engine_->raise(vcpu::Signal::Stop);
    wake();
}

void Processor::pause()
{
    std::unique_lock lock{mutex_};
    while (state_ != State::Parked) {
        pause_requested_ = true;
        engine_->raise(vcpu::Signal::Stop);
        changed_.notify_all();
        changed_.wait(lock);
    }
}

void Processor::raise(vcpu::Signal signal)
{
    engine_->raise(signal);
    wake();
}

void Processor::raise_sipi(std::uint8_t vector)
{
    engine_->raise_sipi(vector);
    wake();
}

bool Processor::asleep() const
{
    vcpu::LocalApic* const apic = engine_->local_apic();
    return asleep_ || (apic != nullptr && apic->waiting());
}

void Processor::set_a20(bool open)
{
    if (std::this_thread::get_id() == thread_.get_id()) {
        engine_->set_a20(open);
        return;
    }
    wanted_a20_ = open ? A20::Open : A20::Closed;
    engine_->raise(vcpu::Signal::Stop);
    wake();
}

void Processor::follow_a20()
{
    if (const A20 wanted = wanted_a20_.exchange(A20::AsItIs); wanted != A20::AsItIs) {
        engine_->set_a20(wanted == A20::Open);
    }
}

base::Nanoseconds Processor::host_time() const
{
    clockid_t clock{};
    timespec used{};
    auto& thread = const_cast<std::thread&>(thread_);
    if (::pthread_getcpuclockid(thread.native_handle(), &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
        return 0;
    }
    return used.tv_sec * base::kSecond + used.tv_nsec;
}

std::unique_ptr<vcpu::Engine> Processor::replace(std::unique_ptr<vcpu::Engine> engine)
{
    const std::scoped_lock lock{mutex_};
    return std::exchange(engine_, std::move(engine));
}

void Processor::wake()
{
    // Pairs with the fence in sleep(): either this sees asleep_, or sleep() sees the signal.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed)) {
        { const std::scoped_lock lock{mutex_}; }
        changed_.notify_all();
    }
}

void Processor::thread_main()
{
    thread_id_ = ::gettid();
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [this] { return quit_ || state_ == State::Running; });
            if (quit_) {
                return;
            }
        }
        run_until_parked();
        {
            const std::scoped_lock lock{mutex_};
            state_ = State::Parked;
        }
        changed_.notify_all();
    }
}

void Processor::run_until_parked()
{
    while (!pause_requested_) {
        follow_a20();
        const vcpu::HaltReason reason = engine_->run();
        if (reason == vcpu::HaltReason::Halted) {
            if (!sleep()) {
                return;
            }
        } else if (reason != vcpu::HaltReason::Stopped) {
            ended_(*engine_, reason);
            return;
        }
    }
}

bool Processor::sleep()
{
    std::unique_lock lock{mutex_};
    asleep_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    changed_.wait(lock, [this] { return pause_requested_ || engine_->signalled(); });
    asleep_ = false;
    return !pause_requested_;
}

} // namespace windsor::machine
