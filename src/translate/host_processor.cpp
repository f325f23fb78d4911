// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/host_processor.hpp"

#include "vcpu/host_features.hpp"

namespace windsor::translate {

namespace {

// Of "AuthenticAMD" and "HygonGenuine" the first four characters, as CPUID gives them.
constexpr unsigned kAmd = 0x68747541;
constexpr unsigned kHygon = 0x6f677948;
constexpr unsigned kBmi2 = 1u << 8;
constexpr unsigned kQuickFamily = 0x19;

unsigned family(unsigned signature)
{
    const unsigned base = signature >> 8 & 15;
    return base == 15 ? base + (signature >> 20 & 0xff) : base;
}

} // namespace

bool extracts_bits_quickly()
{
    const vcpu::CpuidLeaf first = vcpu::host_cpuid(0);
    if (first.eax < 7 || (vcpu::host_cpuid(7).ebx & kBmi2) == 0) {
        return false;
    }
    const std::uint32_t vendor = first.ebx;
    return (vendor != kAmd && vendor != kHygon) || family(vcpu::host_cpuid(1).eax) >= kQuickFamily;
}

} // namespace windsor::translate
