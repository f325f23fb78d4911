// SPDX-License-Identifier: GPL-2.0-or-later
// What the processor model offers, asked by CPUID bit. SDM volume 2A, CPUID.
#pragma once

#include "vcpu/cpu_model.hpp"

#include <cstdint>

namespace windsor::vcpu {

enum class Feature : std::uint8_t { Mtrr, Pat, Mca, Sep, Syscall, LongMode, Nx, Rdtscp, TscAdjust, ArchCapabilities };

inline bool offers(const CpuModel& model, Feature feature)
{
    // Not by CPUID: beyond the last leaf that answers as the last one does.
    const auto leaf = [&](std::uint32_t number) {
        return CpuidLeaf{
            .ebx = model.word(number, 0, 1), .ecx = model.word(number, 0, 2), .edx = model.word(number, 0, 3)};
    };
    const auto bit = [](std::uint32_t word, unsigned number) { return ((word >> number) & 1) != 0; };
    switch (feature) {
    case Feature::Mtrr: return bit(leaf(1).edx, 12);
    case Feature::Pat: return bit(leaf(1).edx, 16);
    case Feature::Mca: return bit(leaf(1).edx, 14);
    case Feature::Sep: return bit(leaf(1).edx, 11);
    case Feature::Syscall: return bit(leaf(0x80000001).edx, 11);
    case Feature::LongMode: return bit(leaf(0x80000001).edx, 29);
    case Feature::Nx: return bit(leaf(0x80000001).edx, 20);
    case Feature::Rdtscp: return bit(leaf(0x80000001).edx, 27);
    case Feature::TscAdjust: return bit(leaf(7).ebx, 1);
    case Feature::ArchCapabilities: return bit(leaf(7).edx, 29);
    }
    return false;
}

// The vendor decides where Intel and AMD differ (SYSCALL and SYSENTER in compatibility mode, some MSRs).
inline bool is_amd(const CpuModel& model)
{
    constexpr std::uint32_t kAuth = 0x68747541; // "Auth"
    return model.cpuid(0, 0, {}, 0).ebx == kAuth;
}

} // namespace windsor::vcpu
