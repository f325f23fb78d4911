// SPDX-License-Identifier: GPL-2.0-or-later
// For state_check.cpp: a rule for each register that cannot hold any value, by what each group of them is about.
#pragma once

#include "vcpu/cpu_model.hpp"

#include <span>
#include <string_view>

namespace windsor::vcpu {

// A state, and what is asked of it again and again.
struct Checked {
    Checked(const CpuState& of_state, const CpuModel& of_model);

    const CpuState& s;
    const CpuModel& model;
    CpuidLeaf one;      // CPUID.1
    CpuidLeaf seven;    // CPUID.7.0; zero if the processor has no such leaf, as the next
    CpuidLeaf extended; // CPUID.80000001H
    bool paging;
    bool protected_mode;
    bool virtual8086;
    bool long_mode; // IA32_EFER.LMA: 64-bit or compatibility mode
    bool code64;    // 64-bit mode
};

struct Rule {
    std::string_view name;   // of the register, as the manuals have it
    std::string_view reason; // "it …", why a value is refused
    std::uint64_t (*value)(const Checked&);
    bool (*holds)(const Checked&);
};

std::span<const Rule> control_rules();    // RFLAGS, RIP, CR, DR, EFER, XCR0
std::span<const Rule> floating_rules();   // x87 and SSE
std::span<const Rule> register_rules();   // MSRs and descriptor tables
// Segments, LDTR and TR are alike: the error names the one that is wrong.
base::Status check_segments(const Checked& checked);

} // namespace windsor::vcpu
