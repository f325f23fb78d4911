// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/local_apic.hpp"

#include "kvm/apic_state.hpp"

namespace windsor::kvm {

LocalApic::LocalApic(VcpuFd& vcpu, Messages& messages, const base::Clock& clock)
    : vcpu_{vcpu}, messages_{messages}, clock_{clock}, blocked_{vcpu.fd()}
{
}

void LocalApic::give(const vcpu::LocalApicState& state)
{
    failure_.clear();
    noted_ = state;
    if (const auto loaded = load(state); !loaded) {
        failure_ = loaded.error().message();
    }
}

// The mode before the registers, which it gives their meaning.
base::Status LocalApic::load(const vcpu::LocalApicState& state)
{
    WINDSOR_TRY(vcpu_.set_apic_base(state.base));
    return vcpu_.set_lapic(to_lapic(state));
}

vcpu::LocalApicState LocalApic::take()
{
    // First, as it carries out an INIT or a start-up IPI that has come since the processor stopped.
    static_cast<void>(vcpu_.activity());
    const auto lapic = vcpu_.lapic();
    const auto base = vcpu_.apic_base();
    if (!lapic || !base) {
        failure_ = lapic ? base.error().message() : lapic.error().message();
        return noted_.value_or(vcpu::LocalApicState{});
    }
    vcpu::LocalApicState state = from_lapic(*lapic, *base, clock_.now());
    if (noted_) {
        copy_timer(*noted_, state);
    }
    noted_.reset();
    state.nmi_pending = vcpu_.take_nmi();
    static_cast<void>(vcpu_.set_lapic(without_timer(*lapic)));
    return state;
}

LocalApic::Timer LocalApic::note_timer()
{
    const auto lapic = vcpu_.lapic();
    if (!lapic) {
        return Timer::Counts;
    }
    noted_ = from_lapic(*lapic, 0, clock_.now());
    return expired(*lapic) ? Timer::Expired : Timer::Counts;
}

} // namespace windsor::kvm
