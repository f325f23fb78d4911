// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "domain/processor_model.hpp"

#include "config/load.hpp"
#include "vcpu/host_features.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace windsor::domain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint32_t kSse42 = 1u << 20, kAvxFamily = 1u << 28 | 1u << 29 | 1u << 12, kAes = 1u << 25;
constexpr std::uint32_t kAvx2 = 1u << 5;

class ProcessorModelTest : public testing::Test {
protected:
    vcpu::CpuModel model_of(const std::string& text)
    {
        const auto loaded = config::load_text(text, "test.cfg", {});
        EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message());
        return processor_model(loaded.value().config, log_);
    }
    vcpu::CpuModel model(const std::string& cpuid) { return model_of("cpuid = " + cpuid); }
    std::string logged() const
    {
        std::ostringstream text;
        text << std::ifstream{path_}.rdbuf();
        return text.str();
    }

    base::TestFolder folder_;
    const std::string path_{folder_ / "log"};
    base::Log log_{base::Log::to_file(path_).value()};
};

TEST_F(ProcessorModelTest, HidingAvxHidesWhatNeedsIt)
{
    const auto hidden = model("'host,avx=0,sse4.2=0'");
    const auto one = hidden.cpuid(1, 0, {}, 0);
    const auto before = vcpu::CpuModel::standard().cpuid(1, 0, {}, 0);
    EXPECT_EQ(one.ecx, before.ecx & ~(kAvxFamily | kSse42));
    EXPECT_EQ(one.edx, before.edx);
    EXPECT_EQ(hidden.cpuid(7, 0, {}, 0).ebx & kAvx2, 0u);
    EXPECT_EQ(hidden.cpuid(0xd, 0, {}, 0).eax, 3u);
    EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(ProcessorModelTest, WithoutPaeThereIsNoLongModeEither)
{
    constexpr std::uint32_t kPae = 1u << 6, kNx = 1u << 20, kLongMode = 1u << 29;
    const auto standard = model_of("pae = 1");
    const auto without = model_of("pae = 0");
    EXPECT_EQ(standard.cpuid(1, 0, {}, 0).edx & kPae, kPae);
    EXPECT_EQ(without.cpuid(1, 0, {}, 0).edx, standard.cpuid(1, 0, {}, 0).edx & ~kPae);
    EXPECT_EQ(standard.cpuid(0x80000001, 0, {}, 0).edx & (kNx | kLongMode), kNx | kLongMode);
    EXPECT_EQ(without.cpuid(0x80000001, 0, {}, 0).edx & (kPae | kNx | kLongMode), 0u);
    EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(ProcessorModelTest, RowsOfBitsHide)
{
    const auto hidden = model("['1:ecx=xxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxx', '0x80000001:edx=0x0']");
    EXPECT_EQ(hidden.cpuid(1, 0, {}, 0).ecx, vcpu::CpuModel::standard().cpuid(1, 0, {}, 0).ecx & ~kSse42);
    EXPECT_EQ(hidden.cpuid(0x80000001, 0, {}, 0).edx, 0u);
    EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(ProcessorModelTest, ALeafWithoutSubleavesHasOneAnswer)
{
    EXPECT_EQ(model("['1,3:edx=0x0']").cpuid(1, 0, {}, 0).edx, 0u);
}

TEST_F(ProcessorModelTest, NothingIsAdded)
{
    const auto asked = model("'host,aes=1,sse4.2=1'");
    EXPECT_EQ(asked.cpuid(1, 0, {}, 0), vcpu::CpuModel::standard().cpuid(1, 0, {}, 0));
    EXPECT_EQ(asked.cpuid(1, 0, {}, 0).ecx & kAes, 0u);
    EXPECT_THAT(logged(), HasSubstr("cpuid: aes (CPUID leaf 0x1, ECX bit 25) is not provided; the bit stays clear"));
    EXPECT_THAT(logged(), Not(HasSubstr("sse4")));
}

TEST_F(ProcessorModelTest, WhatNeedsSomethingHiddenIsAskedForInVain)
{
    if (!vcpu::host_features().avx2) {
        GTEST_SKIP() << "the host has no AVX2";
    }
    EXPECT_EQ(model("'host,avx2=1,avx=0'").cpuid(7, 0, {}, 0).ebx & kAvx2, 0u);
    EXPECT_THAT(logged(), HasSubstr("avx2 (CPUID leaf 0x7, EBX bit 5) is not provided"));
}

TEST_F(ProcessorModelTest, ComputedLeavesCannotBeHidden)
{
    EXPECT_EQ(model("['13,2:eax=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '13,0:ebx=0x0']").cpuid(0xd, 0, {}, 0).ebx, 576u);
    EXPECT_THAT(logged(), HasSubstr("CPUID leaf 0xd, EBX bit 9 cannot be hidden; the bit stays set"));
}

} // namespace
} // namespace windsor::domain
