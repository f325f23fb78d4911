// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/processor.hpp"

#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <ctime>
#include <pthread.h>
#include <sys/rseq.h>
#include <unistd.h>
#include <utility>

namespace windsor::machine {

namespace {

// Of the calling thread: where the kernel says on which processor it runs, by rseq(2), which the C library asks for.
// /proc would say so, too, but is out of sight in the sandbox. Null where there is none.
const std::uint32_t* place_of_processor_number()
{
    if (__rseq_size == 0) {
        return nullptr;
    }
    void* const area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
    return &static_cast<const rseq*>(area)->cpu_id;
}

} // namespace

Processor::Processor(Ended ended)
    : ended_{std::move(ended)}, thread_{[this] {
          sandbox::confine_thread(sandbox::ThreadRole::Processor);
          thread_main();
      }}
{
}

Processor::~Processor()
{
    pause();
    {
        const base::MutexLock lock{mutex_};
        quit_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Processor::resume()
{
    {
        const base::MutexLock lock{mutex_};
        pause_requested_ = false;
        signals_.lower(vcpu::Signal::Stop);
        state_ = State::Running;
    }
    changed_.notify_all();
}

void Processor::request_pause()
{
    pause_requested_ = true;
    signals_.raise(vcpu::Signal::Stop);
}

void Processor::pause()
{
    const base::MutexLock lock{mutex_};
    while (state_ != State::Parked) {
        pause_requested_ = true;
        signals_.raise(vcpu::Signal::Stop);
        changed_.notify_all();
        changed_.wait(mutex_);
    }
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
    signals_.raise(vcpu::Signal::Stop);
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

int Processor::host_processor() const
{
    const std::uint32_t* const place = where_it_runs_;
    const auto number = place != nullptr ? static_cast<int>(__atomic_load_n(place, __ATOMIC_RELAXED)) : 0;
    return std::max(number, 0); // negative where the kernel has refused
}

std::unique_ptr<vcpu::Engine> Processor::replace(std::unique_ptr<vcpu::Engine> engine)
{
    const base::MutexLock lock{mutex_};
    return std::exchange(engine_, std::move(engine));
}

void Processor::thread_main()
{
    thread_id_ = ::gettid();
    where_it_runs_ = place_of_processor_number();
    for (;;) {
        {
            const base::MutexLock lock{mutex_};
            while (!quit_ && state_ != State::Running) {
                changed_.wait(mutex_);
            }
            if (quit_) {
                return;
            }
        }
        run_until_parked();
        {
            const base::MutexLock lock{mutex_};
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
        } else if (reason != vcpu::HaltReason::Stopped && ended_(*engine_, reason) == Then::Park) {
            return;
        }
    }
}

bool Processor::sleep()
{
    asleep_ = true;
    signals_.wait(); // a pause raises one, too
    asleep_ = false;
    return !pause_requested_;
}

} // namespace windsor::machine
