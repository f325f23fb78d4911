// SPDX-License-Identifier: GPL-2.0-or-later
// A local APIC as KVM takes and gives it. KVM API, KVM_GET_LAPIC and KVM_SET_GSI_ROUTING.
#pragma once

#include "vcpu/local_apic.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include <linux/kvm.h>

namespace windsor::kvm {

// The registers, with IDs as KVM has them without KVM_CAP_X2APIC_API: in the upper byte in either mode.
kvm_lapic_state to_lapic(const vcpu::LocalApicState& state);
// With the value of IA32_APIC_BASE, and the machine time at which KVM was asked.
vcpu::LocalApicState from_lapic(const kvm_lapic_state& lapic, std::uint64_t base, base::Nanoseconds now);

// The timer counts once and has come to its end, if it ever ran.
bool expired(const kvm_lapic_state& lapic);
// The same without a timer that runs.
kvm_lapic_state without_timer(kvm_lapic_state lapic);

// The current count as it was when `before` was taken, unless the timer has been reset since.
void copy_timer(const vcpu::LocalApicState& before, vcpu::LocalApicState& state);

kvm_msi to_msi(const vcpu::ApicMessage& message);
// A pin of an I/O APIC for each, counted from 0: KVM reports the ends of level-triggered interrupts only of such.
std::vector<kvm_irq_routing_entry> to_routes(std::span<const vcpu::ApicMessage> messages);

} // namespace windsor::kvm
