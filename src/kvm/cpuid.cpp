// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/cpuid.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace windsor::kvm {

namespace {

using vcpu::CpuidLeaf;

constexpr std::uint32_t kExtended = 0x80000000;

struct Register {
    std::uint32_t leaf;
    std::uint32_t subleaf;
    std::uint32_t kvm_cpuid_entry2::* word;
    unsigned number; // 0 to 3: EAX to EDX
};

// Those that hold feature bits.
constexpr std::array kFeatureRegisters{
    Register{1, 0, &kvm_cpuid_entry2::ecx, 2},
    Register{1, 0, &kvm_cpuid_entry2::edx, 3},
    Register{7, 0, &kvm_cpuid_entry2::ebx, 1},
    Register{7, 0, &kvm_cpuid_entry2::ecx, 2},
    Register{7, 0, &kvm_cpuid_entry2::edx, 3},
    Register{0xd, 0, &kvm_cpuid_entry2::eax, 0},
    Register{0xd, 1, &kvm_cpuid_entry2::eax, 0},
    Register{kExtended + 1, 0, &kvm_cpuid_entry2::ecx, 2},
    Register{kExtended + 1, 0, &kvm_cpuid_entry2::edx, 3},
};

struct Essential {
    std::uint32_t leaf;
    std::uint32_t kvm_cpuid_entry2::* word;
    unsigned bit;
    std::string_view name;
};

constexpr std::array kEssential{
    Essential{1, &kvm_cpuid_entry2::edx, 0, "FPU"},
    Essential{1, &kvm_cpuid_entry2::edx, 4, "TSC"},
    Essential{1, &kvm_cpuid_entry2::edx, 5, "MSR"},
    Essential{1, &kvm_cpuid_entry2::edx, 6, "PAE"},
    Essential{1, &kvm_cpuid_entry2::edx, 8, "CMPXCHG8B"},
    Essential{1, &kvm_cpuid_entry2::edx, 15, "CMOV"},
    Essential{1, &kvm_cpuid_entry2::edx, 24, "FXSR"},
    Essential{1, &kvm_cpuid_entry2::edx, 25, "SSE"},
    Essential{1, &kvm_cpuid_entry2::edx, 26, "SSE2"},
    Essential{kExtended + 1, &kvm_cpuid_entry2::edx, 11, "SYSCALL"},
    Essential{kExtended + 1, &kvm_cpuid_entry2::edx, 20, "NX"},
    Essential{kExtended + 1, &kvm_cpuid_entry2::edx, 29, "long mode"},
};

bool has_subleaves(std::uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

// Of the leaves that have any; what lies beyond is zero for KVM, too.
constexpr std::uint32_t kSubleaves = 4;

std::vector<kvm_cpuid_entry2> leaves_of(const vcpu::CpuModel& model, std::uint32_t apic_id)
{
    std::vector<kvm_cpuid_entry2> entries;
    const auto add = [&](std::uint32_t leaf, std::uint32_t subleaf) {
        const CpuidLeaf answer = model.cpuid(leaf, subleaf, {}, apic_id);
        kvm_cpuid_entry2 entry{};
        entry.function = leaf;
        entry.index = subleaf;
        entry.flags = has_subleaves(leaf) ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
        entry.eax = answer.eax;
        entry.ebx = answer.ebx;
        entry.ecx = answer.ecx;
        entry.edx = answer.edx;
        entries.push_back(entry);
    };
    const auto add_range = [&](std::uint32_t first) {
        const std::uint32_t last = model.cpuid(first, 0, {}, apic_id).eax;
        for (std::uint32_t leaf = first; leaf <= last && leaf - first < 64; ++leaf) {
            for (std::uint32_t subleaf = 0; subleaf < (has_subleaves(leaf) ? kSubleaves : 1); ++subleaf) {
                add(leaf, subleaf);
            }
        }
    };
    add_range(0);
    add_range(kExtended);
    return entries;
}

std::uint32_t supported_bits(std::span<const kvm_cpuid_entry2> supported, const Register& reg)
{
    const auto found = std::ranges::find_if(supported, [&](const kvm_cpuid_entry2& entry) {
        return entry.function == reg.leaf && entry.index == reg.subleaf;
    });
    return found == supported.end() ? 0 : *found.*reg.word;
}

bool essential(std::uint32_t leaf, std::uint32_t kvm_cpuid_entry2::* word, std::uint32_t bits, std::string_view& name)
{
    const auto found = std::ranges::find_if(kEssential, [&](const Essential& feature) {
        return feature.leaf == leaf && feature.word == word && ((bits >> feature.bit) & 1) != 0;
    });
    if (found != kEssential.end()) {
        name = found->name;
    }
    return found != kEssential.end();
}

// Bits that say how many processors there are, which KVM leaves to its user.
std::uint32_t topology_bits(const Register& reg)
{
    constexpr std::uint32_t kHtt = 1u << 28;
    constexpr std::uint32_t kCmpLegacy = 1u << 1;
    if (reg.leaf == 1 && reg.word == &kvm_cpuid_entry2::edx) {
        return kHtt;
    }
    return reg.leaf == kExtended + 1 && reg.word == &kvm_cpuid_entry2::ecx ? kCmpLegacy : 0;
}

} // namespace

base::Result<vcpu::CpuModel> fit(const vcpu::CpuModel& model, std::span<const kvm_cpuid_entry2> supported)
{
    vcpu::CpuModel fitted = model;
    for (const Register& reg : kFeatureRegisters) {
        const std::uint32_t wanted = model.word(reg.leaf, reg.subleaf, reg.number);
        const std::uint32_t lacking = wanted & ~supported_bits(supported, reg) & ~topology_bits(reg);
        if (std::string_view name; essential(reg.leaf, reg.word, lacking, name)) {
            return base::fail("KVM on this host cannot give the processor model '{}' its {}; set engine = "
                              "'translate', or choose another model",
                              model.name(), name);
        }
        for (unsigned bit = 0; bit < 32; ++bit) {
            if ((lacking >> bit & 1) != 0) {
                fitted.override_bit(reg.leaf, reg.subleaf, reg.number, bit, false);
            }
        }
    }
    return fitted;
}

base::Result<std::vector<kvm_cpuid_entry2>> guest_cpuid(const vcpu::CpuModel& model,
                                                        std::span<const kvm_cpuid_entry2> supported,
                                                        std::uint32_t apic_id)
{
    return leaves_of(WINDSOR_TRY(fit(model, supported)), apic_id);
}

} // namespace windsor::kvm
