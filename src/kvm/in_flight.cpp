// SPDX-License-Identifier: GPL-2.0-or-later
// What a stop must not lose. An interrupt that has been acknowledged is gone from the controller, and CpuState has no
// room for it: before a processor stops, the guest gets it. KVM API, KVM_GET_VCPU_EVENTS; SDM volume 3A, section 6.14.
#include "emulate/core/cpu.hpp"
#include "emulate/system/system.hpp"
#include "kvm/engine.hpp"
#include "x86/exception.hpp"

#include <cerrno>

namespace windsor::kvm {

using vcpu::HaltReason;
using vcpu::Signal;

namespace {

constexpr std::uint8_t kNmiVector = 2;

// Faults and software interrupts are not among them: RIP is at their instruction, which runs again.
std::optional<emulate::Event> in_flight(const kvm_vcpu_events& events, std::uint64_t rip)
{
    emulate::Event event{.kind = emulate::Event::Kind::External,
                         .vector = kNmiVector,
                         .has_error_code = false,
                         .error_code = 0,
                         .return_rip = rip};
    if (events.nmi.injected != 0) {
        return event;
    }
    if (events.interrupt.injected != 0 && events.interrupt.soft == 0) {
        event.vector = events.interrupt.nr;
        return event;
    }
    const bool exception = events.exception.injected != 0 || events.exception.pending != 0;
    if (exception && events.exception.nr == static_cast<std::uint8_t>(x86::Exception::Db)) {
        event.kind = emulate::Event::Kind::Exception;
        event.vector = events.exception.nr;
        return event;
    }
    return std::nullopt;
}

} // namespace

// What KVM does only before it enters the guest: requests of the timer's that have not got into the local APIC, and the
// report of an interrupt's end. A count that is over by the second time has made its request. If a periodic timer makes
// one just between, it is lost.
Engine::Ended Engine::drain()
{
    if (const Ended ended = finish_entry()) {
        return ended;
    }
    return apic_->note_timer() == LocalApic::Timer::Expired ? finish_entry() : std::nullopt;
}

Engine::Ended Engine::finish_entry()
{
    constexpr unsigned kMostTries = 16; // KVM has one report at most, but others may disturb
    vcpu_->run().request_interrupt_window = 0;
    for (unsigned tries = 0; tries < kMostTries; ++tries) {
        const int result = kick_.run_without_guest(vcpu_->fd());
        ++exits_;
        if (result == 0) {
            if (const Ended ended = handle_exit()) {
                return ended;
            }
        } else if (errno == EINTR) {
            if (!kick_.demanded()) {
                break;
            }
        } else if (errno != EAGAIN) {
            return fail(fmt::format("KVM cannot run the processor: {}", base::errno_text(errno)));
        }
    }
    return halted() == HaltReason::Failed ? Ended{HaltReason::Failed} : std::nullopt;
}

Engine::Ended Engine::deliver_in_flight()
{
    auto events = vcpu_->events();
    if (!events) {
        return fail(events.error().message());
    }
    if (events->nmi.pending != 0) {
        signals().raise(Signal::Nmi);
    }
    const bool idle = events->nmi.pending == 0 && events->nmi.injected == 0 && events->interrupt.injected == 0 &&
                      events->exception.injected == 0 && events->exception.pending == 0;
    if (idle) {
        return std::nullopt;
    }
    vcpu::CpuState state = this->state();
    if (const auto event = in_flight(*events, state.rip)) {
        vcpu::Signals none; // nothing else happens meanwhile
        emulate::Cpu cpu{{.memory = vm_->memory(),
                          .io = parts_.io,
                          .model = parts_.model,
                          .clock = parts_.clock,
                          .signals = none,
                          .apic_id = parts_.apic_id}};
        cpu.load_state(state);
        const bool delivered = emulate::deliver(cpu, *event);
        state = cpu.s;
        if (!delivered) {
            kept_.activity = vcpu::Activity::Shutdown;
            return HaltReason::Shutdown;
        }
    }
    set_state(state);
    return failure_.empty() ? Ended{} : HaltReason::Failed;
}

} // namespace windsor::kvm
