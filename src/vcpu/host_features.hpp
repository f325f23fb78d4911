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
    bool bmi1{false};
    bool bmi2{false};
    bool lzcnt{false};
    bool movbe{false};
    bool erms{false}; // REP MOVSB and REP STOSB are the fastest way to move and to fill
};

// The instructions that have come with AVX2 in every processor, and that compilers take for granted beside it
// (x86-64-v3 of the psABI).
constexpr bool has_companions_of_avx2(const HostFeatures& host)
{
    return host.fma && host.f16c && host.bmi1 && host.bmi2 && host.lzcnt && host.movbe;
}

HostFeatures host_features();

} // namespace windsor::vcpu
