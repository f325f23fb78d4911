// SPDX-License-Identifier: GPL-2.0-or-later
// The architectural state as KVM takes and gives it. Linux' KVM API, section 4 (the structures are named there).
#pragma once

#include "vcpu/state.hpp"

#include <array>
#include <cstdint>

#include <linux/kvm.h>

namespace windsor::kvm {

kvm_segment to_segment(const x86::Segment& segment);
x86::Segment from_segment(const kvm_segment& segment);

kvm_regs to_regs(const vcpu::CpuState& state);
void from_regs(const kvm_regs& regs, vcpu::CpuState& state);

// With PDPTEs where the state has PAE paging on. `apic_base` is what CPUID's APIC bit follows.
kvm_sregs2 to_sregs2(const vcpu::CpuState& state, std::uint64_t apic_base);
// PDPTEs are changed only if KVM has given them.
void from_sregs2(const kvm_sregs2& sregs, vcpu::CpuState& state);

// The same without PDPTEs, for kernels before 5.14, and back.
kvm_sregs to_sregs(const kvm_sregs2& sregs);
kvm_sregs2 from_sregs(const kvm_sregs& sregs);

// The standard form of the XSAVE area; AVX state is in it only on request, as a processor without AVX refuses it.
enum class AvxState : std::uint8_t { Absent, Present };
kvm_xsave to_xsave(const vcpu::CpuState& state, AvxState avx);
// MXCSR_MASK, a constant of the model, stays. The selectors of FIP and FDP are not in KVM's form and become zero.
void from_xsave(const kvm_xsave& area, vcpu::CpuState& state);

kvm_debugregs to_debugregs(const vcpu::CpuState& state);
void from_debugregs(const kvm_debugregs& regs, vcpu::CpuState& state);

// Shadows and the block of NMIs, and nothing in flight.
kvm_vcpu_events to_events(const vcpu::CpuState& state);
void from_events(const kvm_vcpu_events& events, vcpu::CpuState& state);

// Model-specific registers that KVM holds; what it holds elsewhere (EFER, FS and GS base) is not among them.
struct MsrField {
    std::uint32_t number;
    std::uint64_t vcpu::CpuState::* field;
};
extern const std::array<MsrField, 10> kMsrFields;

} // namespace windsor::kvm
