// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/apic_exchange.hpp"

#include "kvm/apic_state.hpp"

#include <gtest/gtest.h>
#include <random>

namespace windsor::machine {

namespace {

using namespace devices::lapic;

constexpr base::Nanoseconds kNow = 5 * base::kSecond;

class Random {
public:
    std::uint32_t word() { return static_cast<std::uint32_t>(engine_()); }
    std::uint32_t below(std::uint32_t limit) { return word() % limit; }
    bool flip() { return below(2) == 0; }
    VectorSet vectors()
    {
        VectorSet set;
        for (std::uint32_t& each : set.words) {
            each = word() & word();
        }
        return set;
    }

    // Of a timer that this machine's local APIC can have.
    ApicTimer::State timer()
    {
        ApicTimer::State timer{.mode = flip() ? TimerMode::OneShot : TimerMode::Periodic, .divide = word() & 0xb};
        if (flip()) {
            const std::uint32_t left = below(1'000'000) + 1;
            timer.initial_count = left + below(1'000'000);
            timer.running = true;
            timer.expiry = kNow + left * ApicTimer::tick(timer.divide);
        }
        return timer;
    }

    Lapic::State state()
    {
        Lapic::State state{};
        state.apic_base = kDefaultBase | kBaseEnable | (flip() ? kBaseBootProcessor : 0);
        state.task_priority = word() & 0xff;
        state.logical_destination = word() & 0xff000000;
        state.destination_format = word() | 0x0fffffff;
        state.spurious = word() & kSvrWritable;
        state.in_service = vectors();
        state.trigger_mode = vectors();
        state.requests = vectors();
        state.errors_shown = word() & 0xff;
        state.errors_pending = word() & 0xff;
        state.command = std::uint64_t{word()} << 32 | (word() & kIcrWritable);
        state.lint = {flip(), flip()};
        state.timer = timer();
        for (unsigned entry = 0; entry < kLvts; ++entry) {
            state.lvt[entry] = word() & kLvtWritable[entry];
            state.lvt[entry] |= (state.lvt[entry] & kLvtLevel) != 0 ? word() & kLvtRemoteIrr : 0;
        }
        constexpr std::uint32_t kModes = 3 << kTimerModeShift;
        state.lvt[0] = (state.lvt[0] & ~kModes) | static_cast<std::uint32_t>(state.timer.mode) << kTimerModeShift;
        return state;
    }

private:
    std::mt19937 engine_{7};
};

void expect_same(const Lapic::State& a, const Lapic::State& b)
{
    EXPECT_EQ(a.apic_base, b.apic_base);
    EXPECT_EQ(a.task_priority, b.task_priority);
    EXPECT_EQ(a.logical_destination, b.logical_destination);
    EXPECT_EQ(a.destination_format, b.destination_format);
    EXPECT_EQ(a.spurious, b.spurious);
    EXPECT_EQ(a.in_service.words, b.in_service.words);
    EXPECT_EQ(a.trigger_mode.words, b.trigger_mode.words);
    EXPECT_EQ(a.requests.words, b.requests.words);
    EXPECT_EQ(a.errors_shown, b.errors_shown);
    EXPECT_EQ(a.errors_pending, b.errors_pending);
    EXPECT_EQ(a.command, b.command);
    EXPECT_EQ(a.lvt, b.lvt);
    EXPECT_EQ(a.lint, b.lint);
    EXPECT_EQ(a.timer.mode, b.timer.mode);
    EXPECT_EQ(a.timer.divide, b.timer.divide);
    EXPECT_EQ(a.timer.initial_count, b.timer.initial_count);
    EXPECT_EQ(a.timer.running, b.timer.running);
    EXPECT_EQ(a.timer.expiry, b.timer.expiry);
    EXPECT_EQ(a.timer.tsc_deadline, b.timer.tsc_deadline);
}

Lapic::State enabled()
{
    Lapic::State state{};
    state.apic_base = kDefaultBase | kBaseEnable;
    return state;
}

// Through the page of registers that KVM takes and gives.
Lapic::State through_kvm(const Lapic::State& state, std::uint32_t id, const Lapic::State& before)
{
    const vcpu::LocalApicState given = to_engine(state, id, kNow);
    Lapic::State result = before;
    from_engine(kvm::from_lapic(kvm::to_lapic(given), given.base, kNow), result);
    return result;
}

TEST(ApicExchangeTest, AnyStateComesBackFromKvm)
{
    Random random;
    for (int i = 0; i < 2000; ++i) {
        const Lapic::State state = random.state();
        Lapic::State before{};
        before.apic_base = state.apic_base & kBaseBootProcessor;
        before.errors_pending = state.errors_pending;
        before.lint = state.lint;
        expect_same(through_kvm(state, random.below(255), before), state);
    }
}

TEST(ApicExchangeTest, RegistersLieWhereGuestsSeeThem)
{
    Lapic::State state = enabled();
    state.task_priority = 0x35;
    state.requests.set(0x41);
    state.in_service.set(0xfe);
    state.command = 0x02000000'000c4030;
    state.lvt[5] = 0x99;
    const auto& registers = to_engine(state, 6, kNow).registers;
    EXPECT_EQ(registers[0x02], 6U << 24);
    EXPECT_EQ(registers[0x03], 0x00050014U) << "as KVM's own: six entries, and no suppression of EOI broadcasts";
    EXPECT_EQ(registers[0x08], 0x35U);
    EXPECT_EQ(registers[0x22], 1U << 1);
    EXPECT_EQ(registers[0x17], 1U << 30);
    EXPECT_EQ(registers[0x30], 0x000c4030U);
    EXPECT_EQ(registers[0x31], 0x02000000U);
    EXPECT_EQ(registers[0x37], 0x99U);
}

TEST(ApicExchangeTest, TheRestOfACountIsTheSameAtAnotherTime)
{
    Lapic::State state = enabled();
    state.timer = {.divide = 0xb, .initial_count = 1000, .running = true, .expiry = kNow + 600};
    vcpu::LocalApicState given = to_engine(state, 0, kNow);
    EXPECT_EQ(given.registers[0x39], 600U);
    given.counted_at += 5000;
    Lapic::State later{};
    from_engine(given, later);
    EXPECT_EQ(later.timer.expiry, kNow + 5600);
}

TEST(ApicExchangeTest, ACountThatIsOverButNotServedIsServed)
{
    Lapic::State state = enabled();
    state.timer = {.divide = 0xb, .initial_count = 1000, .running = true, .expiry = kNow - 3};
    EXPECT_EQ(to_engine(state, 0, kNow).registers[0x39], 1U);
    state.timer.running = false;
    EXPECT_EQ(to_engine(state, 0, kNow).registers[0x39], 0U);
    EXPECT_FALSE(through_kvm(state, 0, {}).timer.running);
}

TEST(ApicExchangeTest, APeriodThatIsJustOverGoesOn)
{
    vcpu::LocalApicState engine{.base = kDefaultBase | kBaseEnable, .counted_at = kNow};
    engine.registers[0x32] = 1 << 17;
    engine.registers[0x38] = 1000;
    Lapic::State state{};
    from_engine(engine, state);
    EXPECT_TRUE(state.timer.running);
    EXPECT_EQ(state.timer.expiry, kNow);
}

TEST(ApicExchangeTest, BitsThatTheMachineDoesNotHaveAreZero)
{
    vcpu::LocalApicState engine{.base = kDefaultBase | kBaseEnable, .counted_at = kNow};
    engine.registers.fill(0xffffffff);
    Lapic::State state{};
    state.apic_base = kBaseBootProcessor;
    from_engine(engine, state);
    EXPECT_EQ(state.apic_base, kDefaultBase | kBaseEnable | kBaseBootProcessor) << "which processor boots stays";
    EXPECT_EQ(state.task_priority, 0xffU);
    EXPECT_EQ(state.spurious, kSvrWritable);
    EXPECT_EQ(state.lvt[1], kLvtWritable[1]);
    EXPECT_EQ(state.lvt[3], kLvtWritable[3] | kLvtRemoteIrr);
    EXPECT_EQ(state.timer.divide, 0xbU);
}

TEST(ApicExchangeTest, MessagesAreThoseOfDevices)
{
    for (const auto mode : {DeliveryMode::Fixed, DeliveryMode::LowestPriority, DeliveryMode::Nmi, DeliveryMode::Init}) {
        for (const auto destination_mode : {DestinationMode::Physical, DestinationMode::Logical}) {
            for (const auto trigger : {Trigger::Edge, Trigger::Level}) {
                const Message message{.destination = 0x21,
                                      .destination_mode = destination_mode,
                                      .mode = mode,
                                      .vector = 0x91,
                                      .trigger = trigger};
                const auto sent = to_engine(message);
                ASSERT_TRUE(sent);
                EXPECT_EQ(sent->address >> 20, 0xfeeU);
                EXPECT_EQ(Message::from_msi(sent->address, sent->data), message);
            }
        }
    }
    const Message everyone{.destination = kEveryone, .vector = 0x40};
    EXPECT_EQ(Message::from_msi(to_engine(everyone)->address, to_engine(everyone)->data), everyone);
}

TEST(ApicExchangeTest, WhatNoLocalApicTakesIsNoMessage)
{
    EXPECT_FALSE(to_engine(Message{.mode = DeliveryMode::Smi}));
    EXPECT_FALSE(to_engine(Message{.mode = DeliveryMode::ExtInt, .vector = 0x40}));
    EXPECT_FALSE(to_engine(Message{.mode = DeliveryMode::Reserved, .vector = 0x40}));
    EXPECT_FALSE(to_engine(Message{.vector = 15}));
    EXPECT_TRUE(to_engine(Message{.mode = DeliveryMode::Nmi, .vector = 0}));
}

} // namespace

} // namespace windsor::machine
