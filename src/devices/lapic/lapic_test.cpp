// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/lapic/lapic.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace windsor::devices::lapic {
namespace {

class Pins final : public ProcessorSignals {
public:
    void nmi() override { ++nmis; }
    void init() override { ++inits; }
    void startup(std::uint8_t vector) override { startups.push_back(vector); }
    void interrupt(bool level) override { intr = level; }

    int nmis{0};
    int inits{0};
    bool intr{false};
    std::vector<std::uint8_t> startups;
};

constexpr std::uint64_t at(Register reg)
{
    return std::uint64_t{static_cast<unsigned>(reg)} * 16;
}

class LapicTest : public testing::Test {
protected:
    LapicTest()
    {
        bus.on_end_of_interrupt([this](std::uint8_t vector) { ended.push_back(vector); });
        enable(apic);
    }

    static void enable(Lapic& which) { put(which, Register::SpuriousVector, 0x1ff); }
    static void put(Lapic& which, Register reg, std::uint32_t value)
    {
        EXPECT_EQ(which.write(at(reg), bus::Width::Dword, value), bus::AccessStatus::Ok);
    }
    static std::uint32_t get(Lapic& which, Register reg)
    {
        return static_cast<std::uint32_t>(which.read(at(reg), bus::Width::Dword).value);
    }
    void put(Register reg, std::uint32_t value) { put(apic, reg, value); }
    std::uint32_t get(Register reg) { return get(apic, reg); }
    void fixed(std::uint8_t vector, Trigger trigger = Trigger::Edge)
    {
        EXPECT_TRUE(bus.deliver({.destination = 0, .vector = vector, .trigger = trigger}));
    }
    int take()
    {
        const std::optional<base::Vector> vector = apic.acknowledge();
        return vector ? vector->raw() : -1;
    }
    void pass(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    ApicBus bus;
    Pins pins;
    std::vector<std::uint8_t> ended;
    std::vector<std::optional<std::uint64_t>> pages;
    Lapic apic{clock, timers, bus, pins,
               {.time_of_tsc = [](std::uint64_t tsc) { return static_cast<base::Nanoseconds>(tsc / 2); },
                .on_page_moved = [this](std::optional<std::uint64_t> base) { pages.push_back(base); }}};
};

TEST_F(LapicTest, StartsAsTheManualSays)
{
    apic.reset();
    EXPECT_EQ(get(Register::Version), 0x00050014U);
    EXPECT_EQ(get(Register::SpuriousVector), 0xffU);
    EXPECT_EQ(get(Register::DestinationFormat), 0xffffffffU);
    EXPECT_EQ(get(Register::LvtTimer), kLvtMasked);
    EXPECT_EQ(apic.apic_base(), 0xfee00900U);
    EXPECT_TRUE(apic.accepts_extint());
    EXPECT_FALSE(bus.deliver({.destination = 0, .vector = 0x40}));
}

TEST_F(LapicTest, TakesTheHighestVectorFirstAndNestsByClass)
{
    fixed(0x41);
    fixed(0x62);
    EXPECT_TRUE(apic.interrupt_pending());
    EXPECT_EQ(take(), 0x62);
    EXPECT_EQ(get(Register::ProcessorPriority), 0x60U);
    EXPECT_FALSE(apic.interrupt_pending());
    fixed(0x6f);
    EXPECT_EQ(take(), -1);
    fixed(0x70);
    EXPECT_EQ(take(), 0x70);
    put(Register::EndOfInterrupt, 0);
    EXPECT_FALSE(apic.interrupt_pending());
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(take(), 0x6f);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(take(), 0x41);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(take(), -1);
    EXPECT_TRUE(ended.empty());
}

TEST_F(LapicTest, TellsTheProcessorOfEveryChange)
{
    fixed(0x41);
    EXPECT_TRUE(pins.intr);
    fixed(0x42);
    take();
    EXPECT_FALSE(pins.intr) << "of the same class";
    put(Register::EndOfInterrupt, 0);
    EXPECT_TRUE(pins.intr);
    put(Register::TaskPriority, 0x50);
    EXPECT_FALSE(pins.intr);
    apic.set_cr8(3);
    EXPECT_TRUE(pins.intr);
    take();
    EXPECT_FALSE(pins.intr);
    apic.set_lint(0, true);
    EXPECT_TRUE(pins.intr) << "as a virtual wire";
    apic.set_lint(0, false);
    EXPECT_FALSE(pins.intr);
    pins.intr = true;
    apic.drive();
    EXPECT_FALSE(pins.intr);
}

// What it does for its own processor, whoever holds the machine lock.
TEST_F(LapicTest, DoesAloneWhatConcernsNobodyElse)
{
    EXPECT_TRUE(apic.write_alone(at(Register::TaskPriority), 0x20));
    EXPECT_EQ(apic.read_alone(at(Register::TaskPriority)), 0x20U);
    fixed(0x41);
    EXPECT_EQ(take(), 0x41);
    EXPECT_TRUE(apic.write_alone(at(Register::EndOfInterrupt), 0));
    EXPECT_EQ(apic.read_alone(at(Register::InService0) + 0x20), 0U);
    EXPECT_FALSE(apic.read_alone(at(Register::TaskPriority) + 4).has_value());
    EXPECT_FALSE(apic.write_alone(at(Register::TaskPriority) + 4, 0));
}

TEST_F(LapicTest, LeavesToOthersWhatIsTheirs)
{
    fixed(0x51, Trigger::Level);
    EXPECT_EQ(take(), 0x51);
    EXPECT_FALSE(apic.write_alone(at(Register::EndOfInterrupt), 0)) << "the I/O APIC is to know";
    EXPECT_TRUE(ended.empty());
    EXPECT_EQ(apic.read_alone(at(Register::InService0) + 0x20), 1U << 17);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(ended, std::vector<std::uint8_t>{0x51});
    for (const Register reg : {Register::InterruptCommandLow, Register::InitialCount, Register::DivideConfiguration,
                               Register::LvtTimer, Register::LvtLint0}) {
        EXPECT_FALSE(apic.write_alone(at(reg), 0x40)) << static_cast<unsigned>(reg);
    }
    EXPECT_EQ(get(Register::InitialCount), 0U);
    EXPECT_EQ(get(Register::LvtTimer), kLvtMasked);
    EXPECT_FALSE(apic.write_msr_alone(0x808, 0)) << "not in this mode";
}

// An entry that no guest can have written would have it stop a timer without the machine lock.
TEST_F(LapicTest, LoadsNoEntryThatCannotBeWritten)
{
    Lapic::State state = apic.state();
    state.lvt.fill(0xffff'ffff);
    apic.load(state);
    EXPECT_EQ(get(Register::LvtError) & 7U << kLvtModeShift, 0U);
    EXPECT_EQ(get(Register::LvtTimer) & 7U << kLvtModeShift, 0U);
}

TEST_F(LapicTest, TaskPriorityHoldsBackAndCr8IsItsUpperHalf)
{
    fixed(0x52);
    apic.set_cr8(5);
    EXPECT_EQ(get(Register::TaskPriority), 0x50U);
    EXPECT_FALSE(apic.interrupt_pending());
    put(Register::TaskPriority, 0x4f);
    EXPECT_EQ(apic.cr8(), 4);
    EXPECT_TRUE(apic.interrupt_pending());
}

TEST_F(LapicTest, RegistersShowRequestServiceAndTriggerMode)
{
    fixed(0x45, Trigger::Level);
    EXPECT_EQ(get(static_cast<Register>(0x22)), 1U << 5);
    EXPECT_EQ(get(static_cast<Register>(0x1a)), 1U << 5);
    EXPECT_EQ(take(), 0x45);
    EXPECT_EQ(get(static_cast<Register>(0x22)), 0U);
    EXPECT_EQ(get(static_cast<Register>(0x12)), 1U << 5);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(ended, std::vector<std::uint8_t>{0x45});
    fixed(0x45);
    EXPECT_EQ(take(), 0x45);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(ended.size(), 1U);
}

TEST_F(LapicTest, IllegalVectorsAreErrors)
{
    put(Register::LvtError, 0xee);
    EXPECT_FALSE(bus.deliver({.destination = 0, .vector = 0x0f}));
    EXPECT_EQ(take(), 0xee);
    EXPECT_EQ(get(Register::ErrorStatus), 0U);
    put(Register::ErrorStatus, 0);
    EXPECT_EQ(get(Register::ErrorStatus), kErrorReceiveVector);
    put(Register::InterruptCommandLow, 0x40005);
    get(static_cast<Register>(0x3d));
    put(Register::ErrorStatus, 0);
    EXPECT_EQ(get(Register::ErrorStatus), kErrorSendVector | kErrorRegister);
}

TEST_F(LapicTest, SoftwareDisableMasksTheLocalVectors)
{
    put(Register::LvtTimer, 0x30);
    put(Register::SpuriousVector, 0xff);
    EXPECT_EQ(get(Register::LvtTimer), kLvtMasked | 0x30);
    put(Register::LvtTimer, 0x30);
    EXPECT_EQ(get(Register::LvtTimer), kLvtMasked | 0x30);
    EXPECT_FALSE(apic.accepts_extint());
}

TEST_F(LapicTest, OneShotTimerCountsDownOnce)
{
    put(Register::DivideConfiguration, 0x3); // by 16
    put(Register::LvtTimer, 0x31);
    put(Register::InitialCount, 1000);
    pass(8000);
    EXPECT_EQ(get(Register::CurrentCount), 500U);
    EXPECT_EQ(take(), -1);
    pass(8000);
    EXPECT_EQ(get(Register::CurrentCount), 0U);
    EXPECT_EQ(take(), 0x31);
    put(Register::EndOfInterrupt, 0);
    pass(base::kSecond);
    EXPECT_EQ(take(), -1);
}

TEST_F(LapicTest, PeriodicTimerRepeatsAndCanBeStopped)
{
    put(Register::DivideConfiguration, 0xb); // by 1
    put(Register::LvtTimer, 0x20031);
    put(Register::InitialCount, 1'000'000);
    for (int i = 0; i < 3; ++i) {
        pass(base::kMillisecond);
        EXPECT_EQ(take(), 0x31) << i;
        put(Register::EndOfInterrupt, 0);
    }
    pass(base::kMillisecond / 4);
    EXPECT_EQ(get(Register::CurrentCount), 750'000U);
    put(Register::InitialCount, 0);
    EXPECT_EQ(timers.next_deadline(), std::nullopt);
}

TEST_F(LapicTest, MissedPeriodsAreNotMadeUpFor)
{
    put(Register::DivideConfiguration, 0xb);
    put(Register::LvtTimer, 0x20031);
    put(Register::InitialCount, 1'000'000);
    pass(10 * base::kMillisecond + base::kMillisecond / 4);
    EXPECT_EQ(take(), 0x31);
    EXPECT_EQ(timers.next_deadline(), 11 * base::kMillisecond);
    EXPECT_EQ(get(Register::CurrentCount), 750'000U);
}

TEST_F(LapicTest, AMaskedTimerCountsInSilence)
{
    put(Register::DivideConfiguration, 0xb);
    put(Register::LvtTimer, kLvtMasked | 0x20031);
    put(Register::InitialCount, 1'000'000);
    pass(base::kMillisecond);
    EXPECT_EQ(take(), -1);
    pass(base::kMillisecond / 2);
    EXPECT_EQ(get(Register::CurrentCount), 500'000U);
}

TEST_F(LapicTest, AnAbsurdlyFastTimerCannotOccupyTheQueue)
{
    put(Register::DivideConfiguration, 0xb);
    put(Register::LvtTimer, 0x20031);
    put(Register::InitialCount, 1);
    pass(10 * base::kSecond);
    EXPECT_GE(*timers.next_deadline() - clock.now(), kShortestPeriod);
    EXPECT_EQ(take(), 0x31);
}

TEST_F(LapicTest, DividerChangeKeepsTheCount)
{
    put(Register::DivideConfiguration, 0xb);
    put(Register::LvtTimer, 0x31);
    put(Register::InitialCount, 1000);
    pass(400);
    put(Register::DivideConfiguration, 0x0); // by 2
    EXPECT_EQ(get(Register::CurrentCount), 600U);
    pass(1199);
    EXPECT_EQ(take(), -1);
    pass(1);
    EXPECT_EQ(take(), 0x31);
}

TEST_F(LapicTest, TscDeadlineFiresAtTheTimeOfTheTsc)
{
    put(Register::LvtTimer, 0x40031);
    apic.set_tsc_deadline(2000);
    EXPECT_EQ(apic.tsc_deadline(), 2000U);
    pass(999);
    EXPECT_EQ(take(), -1);
    pass(1);
    EXPECT_EQ(take(), 0x31);
    EXPECT_EQ(apic.tsc_deadline(), 0U);
    apic.set_tsc_deadline(9000);
    put(Register::LvtTimer, 0x31);
    EXPECT_EQ(apic.tsc_deadline(), 0U);
    EXPECT_EQ(timers.next_deadline(), std::nullopt);
}

TEST_F(LapicTest, Lint0IsVirtualWireNmiOrVector)
{
    put(Register::LvtLint0, 0x700);
    apic.set_lint(0, true);
    EXPECT_TRUE(apic.extint_pending());
    EXPECT_FALSE(apic.interrupt_pending());
    put(Register::LvtLint0, kLvtMasked | 0x700);
    EXPECT_FALSE(apic.extint_pending());
    apic.set_lint(0, false);
    put(Register::LvtLint0, 0x400);
    apic.set_lint(0, true);
    EXPECT_EQ(pins.nmis, 1);
    apic.set_lint(0, false);
    put(Register::LvtLint0, 0x51);
    apic.set_lint(0, true);
    EXPECT_EQ(take(), 0x51);
}

TEST_F(LapicTest, LevelTriggeredLintComesAgainAfterItsEnd)
{
    put(Register::LvtLint0, kLvtLevel | 0x51);
    apic.set_lint(0, true);
    EXPECT_EQ(take(), 0x51);
    EXPECT_EQ(get(Register::LvtLint0), kLvtLevel | kLvtRemoteIrr | 0x51);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(take(), 0x51);
    apic.set_lint(0, false);
    put(Register::EndOfInterrupt, 0);
    EXPECT_EQ(take(), -1);
}

TEST_F(LapicTest, GlobalDisableConnectsThePinsDirectly)
{
    EXPECT_TRUE(apic.set_apic_base(kDefaultBase | kBaseBootProcessor));
    EXPECT_EQ(pages, std::vector<std::optional<std::uint64_t>>{std::nullopt});
    EXPECT_FALSE(bus.deliver({.destination = kEveryone, .vector = 0x40}));
    apic.set_lint(1, true);
    EXPECT_EQ(pins.nmis, 1);
    apic.set_lint(0, true);
    EXPECT_TRUE(apic.extint_pending());
    EXPECT_EQ(apic.read(at(Register::Version), bus::Width::Dword).status, bus::AccessStatus::NoRegister);
}

TEST_F(LapicTest, BaseTransitionsFollowTheManual)
{
    EXPECT_FALSE(apic.set_apic_base(kDefaultBase | kBaseX2Apic));
    EXPECT_FALSE(apic.set_apic_base(kDefaultBase | kBaseEnable | 1));
    EXPECT_FALSE(apic.set_apic_base(std::uint64_t{1} << 52 | kBaseEnable));
    EXPECT_TRUE(apic.set_apic_base(0xfed00000 | kBaseEnable));
    EXPECT_EQ(pages.back(), 0xfed00000U);
    EXPECT_EQ(apic.apic_base(), 0xfed00000U | kBaseEnable | kBaseBootProcessor);
    EXPECT_TRUE(apic.set_apic_base(0xfed00000 | kBaseEnable | kBaseX2Apic));
    EXPECT_FALSE(apic.set_apic_base(0xfed00000 | kBaseEnable));
    EXPECT_TRUE(apic.set_apic_base(0xfed00000));
    EXPECT_FALSE(apic.set_apic_base(0xfed00000 | kBaseEnable | kBaseX2Apic));
}

TEST_F(LapicTest, X2ApicRegistersAreMsrs)
{
    EXPECT_EQ(apic.read_msr(0x803), std::nullopt);
    ASSERT_TRUE(apic.set_apic_base(kDefaultBase | kBaseEnable | kBaseX2Apic));
    EXPECT_EQ(apic.read_msr(0x803), 0x00050014U);
    EXPECT_EQ(apic.read_msr(0x80d), 1U);
    EXPECT_TRUE(apic.write_msr(0x808, 0x20));
    EXPECT_FALSE(apic.write_msr(0x808, 0x120));
    EXPECT_FALSE(apic.write_msr(0x802, 0));
    EXPECT_EQ(apic.read_msr(0x80b), std::nullopt);
    EXPECT_EQ(apic.read_msr(0x831), std::nullopt);
    EXPECT_EQ(apic.read_msr(0x8ff), std::nullopt);
    EXPECT_TRUE(apic.write_msr(0x83f, 0x77));
    EXPECT_EQ(take(), 0x77);
    EXPECT_FALSE(apic.write_msr(0x80b, 1));
    EXPECT_TRUE(apic.write_msr(0x80b, 0));
    EXPECT_TRUE(apic.write_msr(0x830, 0x0000000000000055));
    EXPECT_EQ(take(), 0x55);
}

TEST_F(LapicTest, SaveAndLoadGoOnWhereTheyWere)
{
    put(Register::DivideConfiguration, 0xb);
    put(Register::LvtTimer, 0x31);
    put(Register::InitialCount, 1000);
    fixed(0x62);
    EXPECT_EQ(take(), 0x62);
    const Lapic::State saved = apic.state();
    apic.reset();
    apic.load(saved);
    EXPECT_EQ(get(Register::ProcessorPriority), 0x60U);
    put(Register::EndOfInterrupt, 0);
    pass(1000);
    EXPECT_EQ(take(), 0x31);
}

class TwoProcessors : public LapicTest {
protected:
    TwoProcessors() { enable(second); }

    Pins second_pins;
    Lapic second{clock, timers, bus, second_pins, {.id = 1, .boot_processor = false}};
};

TEST_F(TwoProcessors, PhysicalLogicalAndBroadcastDestinations)
{
    EXPECT_TRUE(bus.deliver({.destination = 1, .vector = 0x40}));
    EXPECT_FALSE(apic.interrupt_pending());
    EXPECT_EQ(second.acknowledge()->raw(), 0x40);
    put(second, Register::EndOfInterrupt, 0);
    put(apic, Register::LogicalDestination, 0x01000000);
    put(second, Register::LogicalDestination, 0x02000000);
    EXPECT_TRUE(bus.deliver({.destination = 2, .destination_mode = DestinationMode::Logical, .vector = 0x41}));
    EXPECT_FALSE(apic.interrupt_pending());
    EXPECT_TRUE(second.interrupt_pending());
    EXPECT_FALSE(bus.deliver({.destination = 4, .destination_mode = DestinationMode::Logical, .vector = 0x41}));
    EXPECT_TRUE(bus.deliver({.destination = Message::wide(0xff, DestinationMode::Physical), .vector = 0x42}));
    EXPECT_TRUE(apic.interrupt_pending());
}

TEST_F(TwoProcessors, ClusterModel)
{
    for (Lapic* lapic : {&apic, &second}) {
        put(*lapic, Register::DestinationFormat, 0x0fffffff);
        put(*lapic, Register::LogicalDestination, lapic == &apic ? 0x11000000 : 0x21000000);
    }
    EXPECT_TRUE(bus.deliver({.destination = 0x2f, .destination_mode = DestinationMode::Logical, .vector = 0x41}));
    EXPECT_FALSE(apic.interrupt_pending());
    EXPECT_TRUE(second.interrupt_pending());
    EXPECT_TRUE(bus.deliver({.destination = 0xff, .destination_mode = DestinationMode::Logical, .vector = 0x41}));
    EXPECT_TRUE(apic.interrupt_pending());
}

TEST_F(TwoProcessors, LowestPriorityGoesToTheIdlerAndInTurn)
{
    const Message message{.destination = kEveryone, .mode = DeliveryMode::LowestPriority, .vector = 0x40};
    apic.set_cr8(3);
    EXPECT_TRUE(bus.deliver(message));
    EXPECT_TRUE(second.acknowledge().has_value());
    put(second, Register::EndOfInterrupt, 0);
    apic.set_cr8(0);
    EXPECT_TRUE(bus.deliver(message));
    EXPECT_TRUE(apic.interrupt_pending());
    EXPECT_FALSE(second.interrupt_pending());
}

TEST_F(TwoProcessors, InitSipiAndNmiReachTheOther)
{
    put(Register::InterruptCommandHigh, 0x01000000);
    put(Register::InterruptCommandLow, 0x0000c500);
    EXPECT_EQ(second_pins.inits, 1);
    EXPECT_EQ(get(second, Register::SpuriousVector), 0xffU);
    put(Register::InterruptCommandLow, 0x00008500); // de-assert
    EXPECT_EQ(second_pins.inits, 1);
    put(Register::InterruptCommandLow, 0x0000069f);
    EXPECT_EQ(second_pins.startups, std::vector<std::uint8_t>{0x9f});
    put(Register::InterruptCommandLow, 0x000c0400); // NMI to all but self
    EXPECT_EQ(second_pins.nmis, 1);
    EXPECT_EQ(pins.nmis, 0);
}

TEST_F(TwoProcessors, ShorthandsForVectors)
{
    put(Register::InterruptCommandLow, 0x00040060); // self
    EXPECT_EQ(take(), 0x60);
    EXPECT_FALSE(second.interrupt_pending());
    put(Register::InterruptCommandLow, 0x00080070); // all including self
    EXPECT_EQ(take(), 0x70);
    EXPECT_TRUE(second.interrupt_pending());
}

TEST(Msi, TakesAddressAndDataApart)
{
    const Message message = Message::from_msi(0xfee03004, 0x8141);
    EXPECT_EQ(message, (Message{.destination = 3,
                                .destination_mode = DestinationMode::Logical,
                                .mode = DeliveryMode::LowestPriority,
                                .vector = 0x41,
                                .trigger = Trigger::Level}));
    EXPECT_EQ(Message::from_msi(0xfeeff000, 0x41).destination, kEveryone);
}

} // namespace
} // namespace windsor::devices::lapic
