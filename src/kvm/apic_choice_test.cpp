// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/apic_choice.hpp"

#include <gtest/gtest.h>

namespace windsor::kvm {
namespace {

constexpr std::string_view kTcg = "TCGTCGTCGTCG";
constexpr std::string_view kNone;

TEST(ApicChoice, KernelWhereNobodySaysOtherwise)
{
    const auto choice = choose_apics(nullptr, kNone);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->apics, Apics::Kernel);
}

TEST(ApicChoice, WindsorOnQemuWithTheReason)
{
    const auto choice = choose_apics(nullptr, kTcg);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->apics, Apics::Outside);
    EXPECT_NE(choice->why_outside.find("emulated by QEMU"), std::string_view::npos);
}

TEST(ApicChoice, WishCountsEverywhere)
{
    for (const std::string_view hypervisor : {kNone, kTcg}) {
        const auto kernel = choose_apics("kernel", hypervisor);
        ASSERT_TRUE(kernel);
        EXPECT_EQ(kernel->apics, Apics::Kernel);
        const auto windsor = choose_apics("windsor", hypervisor);
        ASSERT_TRUE(windsor);
        EXPECT_EQ(windsor->apics, Apics::Outside);
        EXPECT_NE(windsor->why_outside.find("WINDSOR_KVM_APICS"), std::string_view::npos);
    }
}

TEST(ApicChoice, OtherWishesAreRefused)
{
    for (const char* wish : {"", "Kernel", "yes"}) {
        const auto choice = choose_apics(wish, kNone);
        ASSERT_FALSE(choice);
        EXPECT_NE(choice.error().message().find("set it to 'kernel' or 'windsor'"), std::string::npos);
    }
}

} // namespace
} // namespace windsor::kvm
