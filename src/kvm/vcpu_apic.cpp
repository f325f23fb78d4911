// SPDX-License-Identifier: GPL-2.0-or-later
// What KVM has of a processor that has its local APIC from KVM, too. KVM API, KVM_GET_MP_STATE and KVM_GET_LAPIC.
#include "kvm/control.hpp"
#include "kvm/vcpu_fd.hpp"
#include "x86/msr.hpp"

namespace windsor::kvm {

using vcpu::Activity;

Activity VcpuFd::activity() const
{
    kvm_mp_state state{};
    if (control(fd_.get(), KVM_GET_MP_STATE, &state) != 0) {
        return Activity::Running; // run() says why
    }
    switch (state.mp_state) {
    case KVM_MP_STATE_HALTED: return Activity::Halted;
    case KVM_MP_STATE_UNINITIALIZED:
    case KVM_MP_STATE_INIT_RECEIVED:
    case KVM_MP_STATE_SIPI_RECEIVED: return Activity::WaitForSipi;
    default: return Activity::Running;
    }
}

base::Status VcpuFd::set_activity(Activity activity)
{
    kvm_mp_state state{.mp_state = KVM_MP_STATE_RUNNABLE};
    if (activity == Activity::Halted) {
        state.mp_state = KVM_MP_STATE_HALTED;
    } else if (activity == Activity::WaitForSipi) {
        state.mp_state = KVM_MP_STATE_INIT_RECEIVED;
    }
    return check(control(fd_.get(), KVM_SET_MP_STATE, &state), "activity");
}

base::Result<kvm_lapic_state> VcpuFd::lapic() const
{
    kvm_lapic_state lapic{};
    WINDSOR_TRY(check(control(fd_.get(), KVM_GET_LAPIC, &lapic), "local APIC"));
    return lapic;
}

base::Status VcpuFd::set_lapic(kvm_lapic_state lapic)
{
    return check(control(fd_.get(), KVM_SET_LAPIC, &lapic), "local APIC");
}

base::Result<std::uint64_t> VcpuFd::apic_base() const
{
    kvm_sregs sregs{};
    WINDSOR_TRY(check(control(fd_.get(), KVM_GET_SREGS, &sregs), "control and segment registers"));
    return sregs.apic_base;
}

base::Status VcpuFd::set_apic_base(std::uint64_t value)
{
    List<kvm_msr_entry, 1> one;
    one.count = 1;
    one.entries[0].index = x86::msr::kApicBase;
    one.entries[0].data = value;
    return check(control(fd_.get(), kSetMsrs, &one) == 1 ? 0 : -1, "local APIC's place");
}

// Not by KVM_INTERRUPT: what that one leaves is in no state that KVM gives, so a processor that stops would lose it.
// Without flags, so that an NMI or INIT that comes meanwhile stays.
base::Status VcpuFd::inject(base::Vector vector)
{
    kvm_vcpu_events now = WINDSOR_TRY(events());
    now.interrupt.injected = 1;
    now.interrupt.nr = vector.raw();
    now.interrupt.soft = 0;
    now.flags = 0;
    WINDSOR_TRY(set_events(now));
    return activity() == Activity::Halted ? set_activity(Activity::Running) : base::Status{};
}

bool VcpuFd::take_nmi()
{
    auto now = events();
    if (!now || now->nmi.pending == 0) {
        return false;
    }
    now->nmi.pending = 0;
    now->flags = KVM_VCPUEVENT_VALID_NMI_PENDING;
    return set_events(*now).has_value();
}

} // namespace windsor::kvm
