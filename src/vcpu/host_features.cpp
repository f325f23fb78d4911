// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/host_features.hpp"

#include <cpuid.h>

namespace windsor::vcpu {

namespace {

// CPUID.07H:EBX. SDM volume 2A, CPUID.
constexpr unsigned kErms = 1u << 9;

struct Leaf {
    unsigned eax{0};
    unsigned ebx{0};
    unsigned ecx{0};
    unsigned edx{0};
};

Leaf leaf(unsigned number)
{
    Leaf words;
    if (__get_cpuid_count(number, 0, &words.eax, &words.ebx, &words.ecx, &words.edx) == 0) {
        return {};
    }
    return words;
}

} // namespace

HostFeatures host_features()
{
    HostFeatures features{.erms = (leaf(7).ebx & kErms) != 0};
    __builtin_cpu_init();
    // The compiler's function looks at XCR0 too: the kernel has to save the registers.
    if (__builtin_cpu_supports("avx") == 0) {
        return features;
    }
    features.avx = true;
    features.avx2 = __builtin_cpu_supports("avx2") != 0;
    features.fma = __builtin_cpu_supports("fma") != 0;
    features.f16c = (leaf(1).ecx & bit_F16C) != 0;
    return features;
}

} // namespace windsor::vcpu
