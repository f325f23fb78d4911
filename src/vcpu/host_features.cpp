// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/host_features.hpp"

#include <cpuid.h>

namespace windsor::vcpu {

namespace {

// SDM volume 2A, CPUID.
constexpr std::uint32_t kExtendedFeatures = 7;
constexpr std::uint32_t kBmi1 = 1u << 3, kBmi2 = 1u << 8, kErms = 1u << 9; // of EBX
constexpr std::uint32_t kMovbe = 1u << 22;                               // CPUID.1:ECX

// Hypervisors are known to hide the bit of LZCNT alone. A processor without it takes the same bytes for BSR, so that
// trying harms nothing. SDM volume 2A, LZCNT.
bool counts_leading_zeros()
{
    std::uint32_t zeros = 0;
    asm("lzcnt %[from], %[zeros]" : [zeros] "=r"(zeros) : [from] "r"(1u) : "cc");
    return zeros == 31;
}

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
    const std::uint32_t structured = extended ? host_cpuid(kExtendedFeatures).ebx : 0;
    HostFeatures features{.bmi1 = (structured & kBmi1) != 0,
                          .bmi2 = (structured & kBmi2) != 0,
                          .lzcnt = counts_leading_zeros(),
                          .movbe = (host_cpuid(1).ecx & kMovbe) != 0,
                          .erms = (structured & kErms) != 0};
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
