// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/saved_model.hpp"

#include "state/testing_structs.hpp"
#include "vcpu/saved_state.hpp"

namespace windsor::vcpu {

namespace {

TEST(SavedProcessor, EveryRegisterComesBack)
{
    state::expect_all_described<CpuState>("cpu");
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto before = state::filled<CpuState>(seed);
        EXPECT_EQ(state::through_a_file(before), before);
        EXPECT_NE(before, CpuState{});
    }
}

TEST(SavedModel, TheGuestSeesTheFeaturesThatItHad)
{
    state::expect_all_described<SavedModel>("model");
    CpuModel before = CpuModel::standard();
    before.hide_apic();
    before.override_bit(1, 0, 2, 19, false); // SSE4.1
    const auto after = restore(state::through_a_file(save(before)));
    ASSERT_TRUE(after.has_value()) << after.error().message();
    for (const std::uint32_t leaf : {0u, 1u, 7u, 0xdu, 0x80000001u, 0x80000007u}) {
        EXPECT_EQ(after->cpuid(leaf, 0, {}, 0), before.cpuid(leaf, 0, {}, 0)) << leaf;
    }
    EXPECT_NE(after->cpuid(1, 0, {}, 0), CpuModel::standard().cpuid(1, 0, {}, 0));
}

TEST(SavedModel, WhatTheHostLacksIsNamed)
{
    SavedModel saved = save(CpuModel::standard());
    EXPECT_TRUE(missing_features(saved).empty());
    for (FeatureWord& word : saved.features) {
        if (word.leaf == 7 && word.reg == 1) {
            word.bits |= 1u << 16; // AVX-512F
        }
    }
    const auto missing = missing_features(saved);
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(missing[0].leaf, 7u);
    EXPECT_EQ(missing[0].bits, 1u << 16);
    EXPECT_NE(restore(saved).error().message().find("CPUID.7H.0:EBX, bits 0x10000"), std::string::npos);
    saved = save(CpuModel::standard());
    saved.name = "8086";
    EXPECT_FALSE(restore(saved).has_value());
    saved = save(CpuModel::standard());
    saved.tsc_hz = 1;
    EXPECT_NE(restore(saved).error().message().find("1 Hz"), std::string::npos);
}

} // namespace

} // namespace windsor::vcpu
