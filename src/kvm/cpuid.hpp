// SPDX-License-Identifier: GPL-2.0-or-later
// The processor model as KVM_SET_CPUID2 takes it. KVM API, KVM_GET_SUPPORTED_CPUID; SDM volume 2A, CPUID.
#pragma once

#include "base/result.hpp"
#include "vcpu/cpu_model.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include <linux/kvm.h>

namespace windsor::kvm {

// `model` without the features that are not in `supported`. Fails if one of these is a feature that software of such a
// processor takes for granted.
base::Result<vcpu::CpuModel> fit(const vcpu::CpuModel& model, std::span<const kvm_cpuid_entry2> supported);

// The leaves of the model that fit() gives.
base::Result<std::vector<kvm_cpuid_entry2>> guest_cpuid(const vcpu::CpuModel& model,
                                                        std::span<const kvm_cpuid_entry2> supported,
                                                        std::uint32_t apic_id);

} // namespace windsor::kvm
