// SPDX-License-Identifier: GPL-2.0-or-later
// An interrupt that has been acknowledged is gone from the controller, and CpuState has no room for it: before a
// processor stops, the guest gets it. KVM API, KVM_GET_VCPU_EVENTS; SDM volume 3A, section 6.14.
#include "emulate/cpu.hpp"
#include "emulate/system.hpp"
#include "kvm/engine.hpp"
#include "x86/exception.hpp"

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

Engine::Ended Engine::settle()
{
    auto events = vcpu_->events();
    if (!events) {
        return fail(events.error().message());
    }
    if (events->nmi.pending != 0) {
        signals_.raise(Signal::Nmi);
    }
    const bool idle = events->nmi.pending == 0 && events->nmi.injected == 0 && events->interrupt.injected == 0 &&
                      events->exception.injected == 0 && events->exception.pending == 0;
    if (idle) {
        return std::nullopt;
    }
    vcpu::CpuState state = this->state();
    if (const auto event = in_flight(*events, state.rip)) {
        emulate::Cpu cpu{{.memory = vm_->memory(),
                          .io = parts_.io,
                          .model = parts_.model,
                          .clock = parts_.clock,
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
