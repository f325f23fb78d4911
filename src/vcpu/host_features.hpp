// SPDX-License-Identifier: GPL-2.0-or-later
// What the host's processor and kernel let programs use, as far as guests may only have it then.
#pragma once

#include "vcpu/cpu_model.hpp"

namespace windsor::vcpu {

// What the host's processor answers, whatever its highest leaf is.
CpuidLeaf host_cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0);

struct HostFeatures {
    bool avx{false};
    bool avx2{false};
    bool fma{false};
    bool f16c{false};
    bool erms{false}; // REP MOVSB and REP STOSB are the fastest way to move and to fill
};

HostFeatures host_features();

} // namespace windsor::vcpu
