// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/apic_choice.hpp"

#include <gtest/gtest.h>

namespace windsor::kvm {
namespace {

constexpr std::string_view kTcg = "TCGTCGTCGTCG";
constexpr std::string_view kNone;

TEST(ApicChoice, KernelWhereNobodySaysOtherwise)
{
    EXPECT_EQ(choose_apics(ApicWish::Automatic, kNone).apics, Apics::Kernel);
}

TEST(ApicChoice, WindsorOnQemuWithTheReason)
{
    const ApicChoice choice = choose_apics(ApicWish::Automatic, kTcg);
    EXPECT_EQ(choice.apics, Apics::Outside);
    EXPECT_NE(choice.why_outside.find("emulated by QEMU"), std::string_view::npos);
}

TEST(ApicChoice, WishCountsEverywhere)
{
    for (const std::string_view hypervisor : {kNone, kTcg}) {
        EXPECT_EQ(choose_apics(ApicWish::Kernel, hypervisor).apics, Apics::Kernel);
        const ApicChoice windsor = choose_apics(ApicWish::Windsor, hypervisor);
        EXPECT_EQ(windsor.apics, Apics::Outside);
        EXPECT_NE(windsor.why_outside.find("kvm_apics"), std::string_view::npos);
    }
}

} // namespace
} // namespace windsor::kvm
