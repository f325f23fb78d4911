// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/cpuid.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace windsor::kvm {

namespace {

using vcpu::CpuModel;

// A KVM that supports whatever there is.
std::vector<kvm_cpuid_entry2> everything()
{
    std::vector<kvm_cpuid_entry2> entries;
    for (const auto& [leaf, subleaf] : std::initializer_list<std::pair<std::uint32_t, std::uint32_t>>{
             {1, 0}, {7, 0}, {0xd, 0}, {0xd, 1}, {0x8000'0001, 0}}) {
        kvm_cpuid_entry2 entry{};
        entry.function = leaf;
        entry.index = subleaf;
        entry.eax = entry.ebx = entry.ecx = entry.edx = ~0u;
        entries.push_back(entry);
    }
    return entries;
}

const kvm_cpuid_entry2* find(const std::vector<kvm_cpuid_entry2>& entries, std::uint32_t leaf,
                             std::uint32_t subleaf = 0)
{
    const auto found = std::ranges::find_if(
        entries, [&](const kvm_cpuid_entry2& entry) { return entry.function == leaf && entry.index == subleaf; });
    return found == entries.end() ? nullptr : &*found;
}

TEST(GuestCpuid, IsTheModelsWhereKvmHasAll)
{
    for (const std::string& name : CpuModel::names()) {
        const CpuModel model = CpuModel::find(name).value();
        const auto entries = guest_cpuid(model, everything(), 2);
        ASSERT_TRUE(entries.has_value()) << name;
        for (const kvm_cpuid_entry2& entry : *entries) {
            const vcpu::CpuidLeaf leaf = model.cpuid(entry.function, entry.index, {}, 2);
            EXPECT_EQ((vcpu::CpuidLeaf{entry.eax, entry.ebx, entry.ecx, entry.edx}), leaf) << name << entry.function;
        }
        EXPECT_NE(find(*entries, model.cpuid(0, 0, {}, 0).eax), nullptr) << name;
        EXPECT_EQ(find(*entries, 1)->ebx >> 24, 2u) << name;
    }
}

TEST(GuestCpuid, SubleavesAreMarked)
{
    const auto entries = guest_cpuid(CpuModel::standard(), everything(), 0).value();
    EXPECT_EQ(find(entries, 1)->flags, 0u);
    ASSERT_NE(find(entries, 0xd, 2), nullptr);
    EXPECT_EQ(find(entries, 0xd, 2)->flags, std::uint32_t{KVM_CPUID_FLAG_SIGNIFCANT_INDEX});
    EXPECT_EQ(find(entries, 4, 1)->eax, 0x122u);
}

TEST(GuestCpuid, WhatKvmLacksIsHidden)
{
    constexpr std::uint32_t kSse42 = 1u << 20, kSmap = 1u << 20;
    std::vector<kvm_cpuid_entry2> supported = everything();
    supported[0].ecx &= ~kSse42;
    supported[1].ebx &= ~kSmap;
    const CpuModel model = CpuModel::standard();
    ASSERT_NE(model.cpuid(1, 0, {}, 0).ecx & kSse42, 0u);
    ASSERT_NE(model.cpuid(7, 0, {}, 0).ebx & kSmap, 0u);
    const auto entries = guest_cpuid(model, supported, 0).value();
    EXPECT_EQ(find(entries, 1)->ecx, model.cpuid(1, 0, {}, 0).ecx & ~kSse42);
    EXPECT_EQ(find(entries, 7)->ebx, model.cpuid(7, 0, {}, 0).ebx & ~kSmap);
}

TEST(GuestCpuid, WhatNoSystemCanMissIsAnError)
{
    std::vector<kvm_cpuid_entry2> supported = everything();
    supported[4].edx &= ~(1u << 29);
    const auto entries = guest_cpuid(CpuModel::standard(), supported, 0);
    ASSERT_FALSE(entries.has_value());
    EXPECT_EQ(entries.error().message(), "KVM on this host cannot give the processor model 'standard' its long mode; "
                                         "set engine = 'translate', or choose another model");
    // A model without it does not need it.
    EXPECT_TRUE(guest_cpuid(CpuModel::find("pentium3").value(), supported, 0).has_value());
}

} // namespace

} // namespace windsor::kvm
