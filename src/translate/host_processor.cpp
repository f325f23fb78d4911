// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/host_processor.hpp"

#include <cpuid.h>

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
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || (ebx & kBmi2) == 0) {
        return false;
    }
    unsigned vendor = 0;
    __get_cpuid(0, &eax, &vendor, &ecx, &edx);
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    return (vendor != kAmd && vendor != kHygon) || family(eax) >= kQuickFamily;
}

} // namespace windsor::translate
