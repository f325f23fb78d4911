// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/host_features.hpp"

#include <cpuid.h>

namespace windsor::vcpu {

namespace {

// SDM volume 2A, CPUID.
constexpr std::uint32_t kExtendedFeatures = 7;
constexpr std::uint32_t kErms = 1u << 9;

} // namespace

CpuidLeaf host_cpuid(std::uint32_t leaf, std::uint32_t subleaf)
{
    CpuidLeaf words;
    __cpuid_count(leaf, subleaf, words.eax, words.ebx, words.ecx, words.edx);
    return words;
}

HostFeatures host_features()
{
    const bool extended = host_cpuid(0).eax >= kExtendedFeatures;
    HostFeatures features{.erms = extended && (host_cpuid(kExtendedFeatures).ebx & kErms) != 0};
    __builtin_cpu_init();
    // The compiler's function looks at XCR0 too: the kernel has to save the registers.
    if (__builtin_cpu_supports("avx") == 0) {
        return features;
    }
    features.avx = true;
    features.avx2 = __builtin_cpu_supports("avx2") != 0;
    features.fma = __builtin_cpu_supports("fma") != 0;
    features.f16c = (host_cpuid(1).ecx & bit_F16C) != 0;
    return features;
}

} // namespace windsor::vcpu
