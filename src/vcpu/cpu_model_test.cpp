// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/cpu_model.hpp"

#include "vcpu/host_features.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace windsor::vcpu {
namespace {

constexpr unsigned kEbx = 1;
constexpr unsigned kEcx = 2;
constexpr unsigned kEdx = 3;

constexpr std::uint32_t kFma = 1u << 12, kXsave = 1u << 26, kOsxsave = 1u << 27, kAvx = 1u << 28, kF16c = 1u << 29;
constexpr std::uint32_t kAvx2 = 1u << 5;
constexpr std::uint32_t kErms = 1u << 9, kBmi1 = 1u << 3, kBmi2 = 1u << 8;
constexpr std::uint32_t kMovbe = 1u << 22;
constexpr std::uint32_t kLzcnt = 1u << 5;

// The standard model with everything of AVX, whatever the host has.
CpuModel with_avx()
{
    CpuModel model = CpuModel::standard();
    for (const unsigned bit : {12u, 28u, 29u}) {
        model.override_bit(1, 0, kEcx, bit, true);
    }
    model.override_bit(7, 0, kEbx, 5, true);
    return model;
}

std::string text_of(const CpuidLeaf& leaf)
{
    std::string text(16, '\0');
    const std::uint32_t words[] = {leaf.eax, leaf.ebx, leaf.ecx, leaf.edx};
    std::memcpy(text.data(), words, text.size());
    return text;
}

TEST(CpuModel, UnknownNamesListTheKnown)
{
    const auto model = CpuModel::find("z80");
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message().find("z80"), std::string::npos);
    EXPECT_NE(model.error().message().find("core2duo"), std::string::npos);
}

TEST(CpuModel, EveryNameIsFound)
{
    for (const std::string& name : CpuModel::names()) {
        const auto model = CpuModel::find(name);
        ASSERT_TRUE(model) << name;
        EXPECT_EQ(model->name(), name);
        EXPECT_NE(model->signature(), 0u);
        EXPECT_GT(model->tsc_hz(), 0u);
        EXPECT_EQ(model->cpuid(1, 0, {}, 0).eax, model->signature());
    }
}

TEST(CpuModel, StandardOffersWhatTheEnginesProvide)
{
    const CpuModel model = CpuModel::standard();
    const CpuidLeaf one = model.cpuid(1, 0, {}, 0);
    EXPECT_NE(one.edx & (1u << 26), 0u); // SSE2
    EXPECT_NE(one.ecx & (1u << 20), 0u); // SSE4.2
    EXPECT_EQ(one.ecx & (1u << 31), 0u); // no hypervisor
    EXPECT_NE(model.cpuid(0x80000001, 0, {}, 0).edx & (1u << 29), 0u);
    EXPECT_EQ(model.cpuid(0x80000000, 0, {}, 0).eax, 0x80000008u);
    EXPECT_EQ(text_of(model.cpuid(0x80000002, 0, {}, 0)), "Windsor Virtual ");
    EXPECT_EQ(text_of(model.cpuid(0x80000003, 0, {}, 0)).substr(0, 4), std::string("CPU\0", 4));
}

// Systems take the rate of the crystal for the local APIC's timer, too; the counter has EBX / EAX times as much.
TEST(CpuModel, StandardSaysTheRateOfItsCounter)
{
    const CpuModel model = CpuModel::standard();
    const CpuidLeaf clock = model.cpuid(0x15, 0, {}, 0);
    EXPECT_EQ(std::uint64_t{clock.ecx} * clock.ebx / clock.eax, model.tsc_hz());
    EXPECT_EQ(clock.edx, 0u);
    EXPECT_EQ(model.cpuid(0x16, 0, {}, 0).eax * std::uint64_t{1'000'000}, model.tsc_hz());
    for (const std::uint32_t reserved : {0xeu, 0xfu, 0x10u, 0x12u, 0x14u}) {
        EXPECT_EQ(model.cpuid(reserved, 0, {}, 0), CpuidLeaf{}) << reserved;
    }
    EXPECT_NE(model.cpuid(7, 0, {}, 0).ebx & 2, 0u) << "TSC_ADJUST";
}

TEST(CpuModel, StandardOffersWhatTheHostHas)
{
    const HostFeatures host = host_features();
    const CpuModel model = CpuModel::standard();
    const CpuidLeaf one = model.cpuid(1, 0, {}, 0);
    EXPECT_EQ((one.ecx & kAvx) != 0, host.avx);
    EXPECT_EQ((one.ecx & kFma) != 0, host.fma);
    EXPECT_EQ((one.ecx & kF16c) != 0, host.f16c);
    const bool together = host.avx2 && has_companions_of_avx2(host);
    EXPECT_EQ((model.cpuid(7, 0, {}, 0).ebx & kAvx2) != 0, together);
    EXPECT_EQ((model.cpuid(7, 0, {}, 0).ebx & kBmi1) != 0, together);
    EXPECT_EQ((model.cpuid(7, 0, {}, 0).ebx & kBmi2) != 0, together);
    EXPECT_EQ((one.ecx & kMovbe) != 0, together);
    EXPECT_EQ((model.cpuid(0x80000001, 0, {}, 0).ecx & kLzcnt) != 0, together);
    EXPECT_EQ((model.cpuid(7, 0, {}, 0).ebx & kErms) != 0, host.erms);
    EXPECT_EQ(model.cpuid(0xd, 0, {}, 0).eax, host.avx ? 7u : 3u);
    for (const std::string& name : CpuModel::names()) {
        const CpuModel other = CpuModel::find(name).value();
        EXPECT_TRUE(name == "standard" || (other.cpuid(1, 0, {}, 0).ecx & kAvx) == 0) << name;
        EXPECT_TRUE(name == "standard" || (other.word(7, 0, 1) & (kErms | kBmi1 | kBmi2)) == 0) << name;
    }
}

TEST(CpuModel, StateShapesTheAnswer)
{
    const CpuModel model = CpuModel::standard();
    CpuState state;
    EXPECT_EQ(model.cpuid(1, 0, state, 5).ebx >> 24, 5u);
    EXPECT_EQ(model.cpuid(1, 0, state, 5).ecx & (1u << 27), 0u);
    state.cr4 |= x86::cr4::kOsxsave;
    EXPECT_NE(model.cpuid(1, 0, state, 5).ecx & (1u << 27), 0u);
    EXPECT_EQ(model.cpuid(0xb, 0, state, 5).edx, 5u);
}

TEST(CpuModel, XsaveLeafFollowsXcr0)
{
    const CpuModel model = with_avx();
    CpuState state;
    EXPECT_EQ(model.cpuid(0xd, 0, state, 0), (CpuidLeaf{.eax = 7, .ebx = 576, .ecx = 832}));
    EXPECT_EQ(model.cpuid(0xd, 1, state, 0), (CpuidLeaf{.eax = 7, .ebx = 576}));
    EXPECT_EQ(model.cpuid(0xd, 2, state, 0), (CpuidLeaf{.eax = 256, .ebx = 576}));
    EXPECT_EQ(model.cpuid(0xd, 3, state, 0), CpuidLeaf{});
    state.xcr0 = 7;
    EXPECT_EQ(model.cpuid(0xd, 0, state, 0), (CpuidLeaf{.eax = 7, .ebx = 832, .ecx = 832}));
    EXPECT_EQ(model.cpuid(0xd, 1, state, 0), (CpuidLeaf{.eax = 7, .ebx = 832}));
}

TEST(CpuModel, WithoutXsaveNothingThatNeedsIt)
{
    CpuModel model = with_avx();
    model.override_bit(1, 0, kEcx, 26, false);
    CpuState state;
    state.cr4 |= x86::cr4::kOsxsave;
    EXPECT_EQ(model.cpuid(1, 0, state, 0).ecx & (kXsave | kOsxsave | kAvx | kF16c | kFma), 0u);
    EXPECT_EQ(model.cpuid(7, 0, state, 0).ebx & kAvx2, 0u);
    for (std::uint32_t subleaf = 0; subleaf < 4; ++subleaf) {
        EXPECT_EQ(model.cpuid(0xd, subleaf, state, 0), CpuidLeaf{});
    }
}

TEST(CpuModel, WithoutAvxNothingThatNeedsIt)
{
    CpuModel model = with_avx();
    model.override_bit(1, 0, kEcx, 28, false);
    EXPECT_EQ(model.cpuid(1, 0, {}, 0).ecx & (kAvx | kF16c | kFma), 0u);
    EXPECT_NE(model.cpuid(1, 0, {}, 0).ecx & kXsave, 0u);
    EXPECT_EQ(model.cpuid(7, 0, {}, 0).ebx & kAvx2, 0u);
    EXPECT_EQ(model.cpuid(0xd, 0, {}, 0), (CpuidLeaf{.eax = 3, .ebx = 576, .ecx = 576}));
    EXPECT_EQ(model.cpuid(0xd, 2, {}, 0), CpuidLeaf{});
}

TEST(CpuModel, LeavesBeyondTheLast)
{
    const CpuModel intel = CpuModel::standard();
    EXPECT_EQ(intel.cpuid(0x7fffffff, 0, {}, 0), intel.cpuid(0x16, 0, {}, 0));
    const CpuModel amd = CpuModel::find("opteron").value();
    EXPECT_EQ(amd.cpuid(0x7fffffff, 0, {}, 0), CpuidLeaf{});
}

TEST(CpuModel, OverridesChangeOneBit)
{
    CpuModel model = CpuModel::standard();
    model.override_bit(1, 0, kEcx, 20, false);
    EXPECT_EQ(model.cpuid(1, 0, {}, 0).ecx & (1u << 20), 0u);
    EXPECT_NE(model.cpuid(1, 0, {}, 0).ecx & (1u << 19), 0u);
    model.override_bit(1, 0, kEdx, 28, true);
    EXPECT_NE(model.cpuid(1, 0, {}, 0).edx & (1u << 28), 0u);
    model.hide_apic();
    EXPECT_EQ(model.cpuid(1, 0, {}, 0).edx & (1u << 9), 0u);
}

} // namespace
} // namespace windsor::vcpu
