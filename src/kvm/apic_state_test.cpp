// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/apic_state.hpp"

#include "kvm/blocked_flag.hpp"

#include <cstddef>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string_view>

namespace windsor::kvm {

namespace {

using vcpu::LocalApicState;

constexpr std::uint64_t kXApic = 0xfee00900;
constexpr std::uint64_t kX2Apic = 0xfee00c00;
constexpr unsigned kLvtTimer = 0x32;
constexpr unsigned kInitialCount = 0x38;
constexpr unsigned kCurrentCount = 0x39;

std::uint32_t shown(const kvm_lapic_state& lapic, unsigned offset)
{
    std::uint32_t value = 0;
    std::memcpy(&value, lapic.regs + offset, sizeof value);
    return value;
}

LocalApicState random_state(std::mt19937& random)
{
    LocalApicState state{.base = kXApic, .counted_at = 1000};
    for (std::uint32_t& value : state.registers) {
        value = static_cast<std::uint32_t>(random());
    }
    state.registers[kCurrentCount] |= 1;
    return state;
}

TEST(ApicStateTest, RegistersLieSixteenBytesApart)
{
    LocalApicState state{.base = kXApic};
    for (unsigned number = 0; number < LocalApicState::kRegisters; ++number) {
        state.registers[number] = 0x100 + number;
    }
    const kvm_lapic_state lapic = to_lapic(state);
    EXPECT_EQ(shown(lapic, 0x20), 0x102U);
    EXPECT_EQ(shown(lapic, 0x80), 0x108U) << "the task priority";
    EXPECT_EQ(shown(lapic, 0x320), 0x132U) << "the timer's entry";
    EXPECT_EQ(shown(lapic, 0x3e0), 0x13eU);
    EXPECT_EQ(shown(lapic, 0x24), 0U) << "between registers is nothing";
}

TEST(ApicStateTest, EveryRegisterComesBack)
{
    std::mt19937 random{1};
    for (int i = 0; i < 1000; ++i) {
        const LocalApicState state = random_state(random);
        EXPECT_EQ(from_lapic(to_lapic(state), kXApic, 1000), state);
    }
}

TEST(ApicStateTest, IdsAreInTheUpperByteInX2ApicModeToo)
{
    LocalApicState state{.base = kX2Apic};
    state.registers[2] = 6;
    EXPECT_EQ(shown(to_lapic(state), 0x20), 6U << 24);
    EXPECT_EQ(from_lapic(to_lapic(state), kX2Apic, 0), state);
}

TEST(ApicStateTest, ATimerThatStandsIsNotStarted)
{
    LocalApicState state{.base = kXApic};
    for (const std::uint32_t mode : {0U, 1U << 17}) {
        state.registers[kLvtTimer] = mode | 0x41;
        state.registers[kInitialCount] = 5000;
        state.registers[kCurrentCount] = 0;
        EXPECT_EQ(shown(to_lapic(state), 0x380), 0U);
        state.registers[kCurrentCount] = 1;
        EXPECT_EQ(shown(to_lapic(state), 0x380), 5000U);
        EXPECT_EQ(shown(to_lapic(state), 0x390), 1U);
    }
}

TEST(ApicStateTest, OnlyACountDownOnceExpires)
{
    LocalApicState state{.base = kXApic};
    EXPECT_TRUE(expired(to_lapic(state)));
    state.registers[kLvtTimer] = 1 << 17;
    EXPECT_FALSE(expired(to_lapic(state)));
    state.registers[kLvtTimer] = 0;
    state.registers[kInitialCount] = state.registers[kCurrentCount] = 7;
    EXPECT_FALSE(expired(to_lapic(state)));
    EXPECT_TRUE(expired(without_timer(to_lapic(state))));
}

TEST(ApicStateTest, TheCountIsThatOfTheStopUnlessTheTimerWasReset)
{
    LocalApicState before{.base = kXApic, .counted_at = 100};
    before.registers[kInitialCount] = 5000;
    before.registers[kCurrentCount] = 400;
    LocalApicState after = before;
    after.counted_at = 900;
    after.registers[kCurrentCount] = 0;
    copy_timer(before, after);
    EXPECT_EQ(after, before);
    LocalApicState reset{.base = kXApic, .counted_at = 900};
    copy_timer(before, reset);
    EXPECT_EQ(reset.registers[kCurrentCount], 0U);
    EXPECT_EQ(reset.counted_at, 900);
}

TEST(ApicStateTest, MessagesAndRoutes)
{
    const vcpu::ApicMessage first{.address = 0xfee01000, .data = 0xc031};
    const vcpu::ApicMessage second{.address = 0xfee02004, .data = 0xc155};
    const kvm_msi msi = to_msi(first);
    EXPECT_EQ(msi.address_lo, first.address);
    EXPECT_EQ(msi.address_hi, 0U);
    EXPECT_EQ(msi.data, first.data);
    EXPECT_EQ(msi.flags, 0U);
    const auto routes = to_routes(std::array{first, second});
    ASSERT_EQ(routes.size(), 2U);
    EXPECT_EQ(routes[1].gsi, 1U);
    EXPECT_EQ(routes[1].type, static_cast<unsigned>(KVM_IRQ_ROUTING_MSI));
    EXPECT_EQ(routes[1].u.msi.address_lo, second.address);
    EXPECT_EQ(routes[1].u.msi.data, second.data);
}

// --- The file of statistics ---

constexpr std::size_t kName = 16;
constexpr std::size_t kDescriptor = 16;

std::vector<std::uint8_t> statistics(std::uint32_t count)
{
    const kvm_stats_header header{
        .flags = 0, .name_size = kName, .num_desc = count, .id_offset = 0, .desc_offset = 64, .data_offset = 512};
    std::vector<std::uint8_t> file(1024);
    std::memcpy(file.data(), &header, sizeof header);
    std::uint32_t offset = 0;
    std::size_t at = 64;
    for (const std::string_view name : {"exits", "blocking", "halts"}) {
        std::memcpy(file.data() + at + offsetof(kvm_stats_desc, offset), &offset, sizeof offset);
        std::memcpy(file.data() + at + kDescriptor, name.data(), name.size());
        offset += 8;
        at += kDescriptor + kName;
    }
    return file;
}

TEST(StatisticsTest, AreFoundByName)
{
    EXPECT_EQ(find_statistic(statistics(3), "exits"), 512U);
    EXPECT_EQ(find_statistic(statistics(3), "blocking"), 520U);
    EXPECT_EQ(find_statistic(statistics(3), "halts"), 528U);
    EXPECT_FALSE(find_statistic(statistics(3), "block"));
    EXPECT_FALSE(find_statistic(statistics(1), "blocking"));
}

TEST(StatisticsTest, ACutFileHasNone)
{
    const std::vector<std::uint8_t> file = statistics(1000000);
    for (std::size_t size = 0; size < 64 + 2 * (kDescriptor + kName); ++size) {
        EXPECT_FALSE(find_statistic(std::span{file}.first(size), "blocking"));
    }
    EXPECT_FALSE(find_statistic(file, "absent"));
}

} // namespace

} // namespace windsor::kvm
