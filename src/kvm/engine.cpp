// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/engine.hpp"

namespace windsor::kvm {

using vcpu::Activity;
using vcpu::HaltReason;

base::Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<Vm> vm, const vcpu::EngineParts& parts)
{
    auto vcpu = WINDSOR_TRY(VcpuFd::create(*vm, parts.model, parts.apic_id));
    std::unique_ptr<Engine> engine{new Engine{std::move(vm), parts, std::move(vcpu)}};
    engine->set_state(vcpu::reset_state(parts.model.signature()));
    if (!engine->failure_.empty()) {
        return base::fail("{}; set engine = 'translate'", engine->failure_);
    }
    return engine;
}

Engine::Engine(std::shared_ptr<Vm> vm, const vcpu::EngineParts& parts, std::unique_ptr<VcpuFd> vcpu)
    : vcpu::Engine{parts.signals}, vm_{std::move(vm)}, parts_{parts}, vcpu_{std::move(vcpu)}, kick_{vcpu_->run()}
{
    if (vm_->apics() == Apics::Kernel) {
        apic_ = std::make_unique<LocalApic>(*vcpu_, *vm_->messages(), parts_.clock);
    }
}

HaltReason Engine::fail(std::string why)
{
    failure_ = std::move(why);
    return HaltReason::Failed;
}

HaltReason Engine::run()
{
    if (!failure_.empty()) {
        return HaltReason::Failed;
    }
    signals().set_kick(&kick_);
    const HaltReason reason = run_on();
    signals().set_kick(nullptr);
    if (reason == HaltReason::Halted) {
        signals().set_masked(vcpu::masked_signals(kept_.activity, vcpu_->run().if_flag != 0, nmi_blocked()));
    }
    return reason;
}

HaltReason Engine::run_on()
{
    begin();
    if (apic_) {
        apic_->forget_timer();
    }
    for (;;) {
        kick_.clear();
        if (const Ended ended = service_signals()) {
            return *ended;
        }
        if (const Ended ended = halted()) {
            return *ended;
        }
        offer_interrupt();
        if (const Ended ended = step()) {
            return *ended;
        }
    }
}

void Engine::begin()
{
    priority_stale_ = true;
    if (apic_ && !apic_->failure().empty()) {
        static_cast<void>(fail(apic_->failure()));
    }
    if (tsc_stale_) {
        tsc_stale_ = false;
        if (const auto set = vcpu_->set_tsc(machine_ticks(vcpu_->tsc_khz()) + own_tsc_offset()); !set) {
            static_cast<void>(fail(set.error().message()));
        }
    }
}

Engine::Ended Engine::halted() const
{
    if (!failure_.empty()) {
        return HaltReason::Failed;
    }
    switch (kept_.activity) {
    case Activity::Running: return std::nullopt;
    case Activity::Shutdown: return HaltReason::Shutdown;
    case Activity::Halted:
    case Activity::WaitForSipi: break;
    }
    return HaltReason::Halted;
}

Engine::Ended Engine::step()
{
    if (enter() != 0) {
        return failure_.empty() ? Ended{} : HaltReason::Failed;
    }
    return handle_exit();
}

// --- State ---

vcpu::CpuState Engine::state() const
{
    vcpu::CpuState state = kept_;
    state.activity = activity();
    const auto stored = vcpu_->store(state);
    unread_ = stored ? std::string{} : stored.error().message();
    return state;
}

std::string Engine::unread() const
{
    return unread_.empty() && apic_ ? apic_->failure() : unread_;
}

vcpu::Activity Engine::activity() const
{
    return apic_ && kept_.activity != Activity::Shutdown ? vcpu_->activity() : kept_.activity;
}

void Engine::set_state(const vcpu::CpuState& state)
{
    failure_.clear();
    kept_ = state;
    tsc_stale_ = true;
    completing_ = false;
    if (const auto loaded = vcpu_->load(state); !loaded) {
        static_cast<void>(fail(loaded.error().message()));
        return;
    }
    if (apic_) {
        kept_.activity = state.activity == Activity::Shutdown ? Activity::Shutdown : Activity::Running;
        if (const auto set = vcpu_->set_activity(state.activity); !set) {
            static_cast<void>(fail(set.error().message()));
            return;
        }
    }
    // KVM says anew whether an interrupt could be delivered; nothing of the guest runs.
    kick_.demand();
    vcpu_->run().cr8 = priority_;
    static_cast<void>(kick_.run(vcpu_->fd()));
}

std::uint64_t Engine::machine_ticks(std::uint64_t khz) const
{
    const auto now = static_cast<unsigned __int128>(parts_.clock.now());
    return static_cast<std::uint64_t>(now * khz / 1'000'000);
}

// The state's offset counts in ticks of the model's rate; the host may have another.
std::uint64_t Engine::own_tsc_offset() const
{
    const std::uint64_t model_khz = parts_.model.tsc_hz() / 1000;
    if (model_khz == vcpu_->tsc_khz()) {
        return kept_.tsc_offset;
    }
    return kept_.tsc_offset + machine_ticks(model_khz) - machine_ticks(vcpu_->tsc_khz());
}

void Engine::set_a20(bool open)
{
    vm_->slots().set_a20(open ? A20::Open : A20::Closed);
}

std::vector<vcpu::Counter> Engine::counters() const
{
    std::vector<vcpu::Counter> counters{{"exits", exits_}, {"kicks", kicks_}};
    if (apic_) {
        counters.push_back({"local_apics_in_kvm", 1});
        counters.push_back({"interrupt_ends", ends_});
    }
    return counters;
}

} // namespace windsor::kvm
