// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/host.hpp"

#include <gtest/gtest.h>

namespace windsor::kvm {
namespace {

constexpr vcpu::CpuidLeaf kHosted{.eax = 0, .ebx = 0, .ecx = 0x80000000, .edx = 0};
constexpr vcpu::CpuidLeaf kBare{.eax = 0, .ebx = 0, .ecx = 0x7fffffff, .edx = 0};
constexpr vcpu::CpuidLeaf kTcg{.eax = 0x40000001, .ebx = 0x54474354, .ecx = 0x43544743, .edx = 0x47435447};
constexpr vcpu::CpuidLeaf kKvm{.eax = 0x40000001, .ebx = 0x4b4d564b, .ecx = 0x564b4d56, .edx = 0x0000004d};

TEST(Host, HypervisorHasAName)
{
    EXPECT_EQ(hypervisor_name(kHosted, kTcg), "TCGTCGTCGTCG");
    EXPECT_EQ(hypervisor_name(kHosted, kKvm), (std::string{"KVMKVMKVM\0\0\0", 12}));
}

TEST(Host, RealMachineHasNoHypervisor)
{
    EXPECT_EQ(hypervisor_name(kBare, kTcg), "");
}

TEST(Host, OnlyQemuWithoutHardwareVirtualizationIsTcg)
{
    EXPECT_TRUE(is_qemu_tcg(hypervisor_name(kHosted, kTcg)));
    EXPECT_FALSE(is_qemu_tcg(hypervisor_name(kHosted, kKvm)));
    EXPECT_FALSE(is_qemu_tcg(""));
}

} // namespace
} // namespace windsor::kvm
