// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/host.hpp"

#include "vcpu/host_features.hpp"

#include <array>
#include <cstring>

namespace windsor::kvm {

namespace {

constexpr std::uint32_t kUnderHypervisor = 1u << 31; // CPUID.1:ECX
constexpr std::uint32_t kHypervisorLeaf = 0x40000000;

} // namespace

// Without a hypervisor the leaf holds what another one does.
std::string hypervisor_name(const vcpu::CpuidLeaf& features, const vcpu::CpuidLeaf& hypervisor)
{
    if ((features.ecx & kUnderHypervisor) == 0) {
        return {};
    }
    const std::array words{hypervisor.ebx, hypervisor.ecx, hypervisor.edx};
    std::string name(sizeof words, '\0');
    std::memcpy(name.data(), words.data(), sizeof words);
    return name;
}

std::string host_hypervisor()
{
    return hypervisor_name(vcpu::host_cpuid(1), vcpu::host_cpuid(kHypervisorLeaf));
}

bool is_qemu_tcg(std::string_view hypervisor)
{
    return hypervisor == "TCGTCGTCGTCG";
}

} // namespace windsor::kvm
