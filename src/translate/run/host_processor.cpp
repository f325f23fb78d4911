// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/run/host_processor.hpp"

#include "vcpu/host_features.hpp"

namespace windsor::translate {

namespace {

constexpr unsigned kBmi1 = 1u << 3;

} // namespace

bool extracts_bits()
{
    return vcpu::host_cpuid(0).eax >= 7 && (vcpu::host_cpuid(7).ebx & kBmi1) != 0;
}

} // namespace windsor::translate
