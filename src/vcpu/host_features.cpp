// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/host_features.hpp"

#include <cpuid.h>

namespace windsor::vcpu {

// The compiler's function looks at XCR0 too: the kernel has to save the registers.
HostFeatures host_features()
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx") == 0) {
        return {};
    }
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    const bool f16c = __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
    return {.avx = true,
            .avx2 = __builtin_cpu_supports("avx2") != 0,
            .fma = __builtin_cpu_supports("fma") != 0,
            .f16c = f16c};
}

} // namespace windsor::vcpu
