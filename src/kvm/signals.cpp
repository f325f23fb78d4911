// SPDX-License-Identifier: GPL-2.0-or-later
// What other threads and devices ask of the processor. KVM API, KVM_INTERRUPT, KVM_NMI; SDM volume 3A, section 6.9.
#include "kvm/control.hpp"
#include "kvm/engine.hpp"

namespace windsor::kvm {

using vcpu::Activity;
using vcpu::HaltReason;
using vcpu::Signal;

bool Engine::nmi_blocked() const
{
    const auto events = vcpu_->events();
    return events && events->nmi.masked != 0;
}

// Requests by priority. A value: leave run() with it.
Engine::Ended Engine::service_signals()
{
    if (signals().pending() != 0) {
        if (const Ended ended = complete()) {
            return ended;
        }
    }
    if ((signals().pending() & ~static_cast<std::uint32_t>(Signal::Interrupt)) != 0) {
        signals().lower(Signal::Attention);
        if (signals().test(Signal::Stop)) {
            return stop();
        }
        if (signals().test(Signal::Init)) {
            apply_init();
        }
        apply_sipi();
        offer_nmi();
    }
    wake_if_due();
    return std::nullopt;
}

Engine::Ended Engine::stop()
{
    if (apic_) {
        if (const Ended ended = drain()) {
            return ended;
        }
    }
    if (const Ended ended = deliver_in_flight()) {
        return ended;
    }
    signals().lower(Signal::Stop);
    tsc_stale_ = true;
    return HaltReason::Stopped;
}

void Engine::apply_init()
{
    signals().lower(Signal::Init);
    vcpu::CpuState fresh = state();
    vcpu::apply_init(fresh, parts_.model.signature());
    // The bootstrap processor begins at the reset vector, the others wait. SDM volume 3A, section 8.4.
    fresh.activity = parts_.apic_id == 0 ? Activity::Running : Activity::WaitForSipi;
    set_state(fresh);
    begin();
}

void Engine::apply_sipi()
{
    if (!signals().test(Signal::Sipi)) {
        return;
    }
    if (activity() != Activity::WaitForSipi) {
        signals().ignore_sipi();
        return;
    }
    if (signals().take(Signal::Sipi)) {
        vcpu::CpuState started = state();
        vcpu::apply_sipi(started, signals().sipi_vector());
        set_state(started);
        begin();
    }
}

// KVM keeps an NMI until the guest can take it. Only in HLT that is not KVM's has it to be known whether that is now.
void Engine::offer_nmi()
{
    if (!signals().test(Signal::Nmi)) {
        return;
    }
    const Activity now = activity();
    if (now != Activity::Running && (now != Activity::Halted || (!apic_ && nmi_blocked()))) {
        return;
    }
    signals().lower(Signal::Nmi);
    kept_.activity = Activity::Running;
    ++statistics_.interrupts;
    if (control(vcpu_->fd(), KVM_NMI) != 0) {
        static_cast<void>(fail(fmt::format("KVM refuses an NMI: {}", base::errno_text(errno))));
    }
}

void Engine::wake_if_due()
{
    if (kept_.activity == Activity::Halted && signals().test(Signal::Interrupt) &&
        vcpu_->run().ready_for_interrupt_injection != 0) {
        kept_.activity = Activity::Running;
    }
}

// Not while an instruction waits for its answer: if that makes it fault, KVM drops the interrupt for the fault.
void Engine::offer_interrupt()
{
    kvm_run& run = vcpu_->run();
    if (signals().test(Signal::Interrupt) && run.ready_for_interrupt_injection != 0 && !completing_) {
        if (const auto vector = parts_.io.acknowledge_interrupt()) {
            run.ready_for_interrupt_injection = 0;
            priority_stale_ = true;
            ++statistics_.interrupts;
            inject(*vector);
        }
    }
    run.request_interrupt_window = signals().test(Signal::Interrupt) ? 1 : 0;
}

void Engine::inject(base::Vector vector)
{
    if (apic_) {
        if (const auto injected = vcpu_->inject(vector); !injected) {
            static_cast<void>(fail(injected.error().message()));
        }
        return;
    }
    const kvm_interrupt interrupt{.irq = vector.raw()};
    if (control(vcpu_->fd(), KVM_INTERRUPT, &interrupt) != 0) {
        static_cast<void>(fail(fmt::format("KVM refuses an interrupt: {}", base::errno_text(errno))));
    }
}

// An instruction in pieces needs one more for each, and one that goes through KVM's emulator no more than 1024.
Engine::Ended Engine::complete()
{
    while (completing_) {
        kick_.demand();
        vcpu_->run().request_interrupt_window = 0;
        if (const Ended ended = step()) {
            return ended;
        }
    }
    kick_.clear(); // the signals are looked at after this
    return halted() == HaltReason::Failed ? Ended{HaltReason::Failed} : std::nullopt;
}

} // namespace windsor::kvm
