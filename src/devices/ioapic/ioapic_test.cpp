// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ioapic/ioapic.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace windsor::devices::ioapic {
namespace {

class IoApicTest : public testing::Test {
protected:
    std::uint32_t get(unsigned reg)
    {
        apic.write(kRegisterSelect, bus::Width::Dword, reg);
        return static_cast<std::uint32_t>(apic.read(kWindow, bus::Width::Dword).value);
    }
    void put(unsigned reg, std::uint32_t value)
    {
        apic.write(kRegisterSelect, bus::Width::Dword, reg);
        apic.write(kWindow, bus::Width::Dword, value);
    }
    void program(unsigned pin, std::uint32_t low, std::uint32_t high = 0)
    {
        put(kRedirection0 + 2 * pin + 1, high);
        put(kRedirection0 + 2 * pin, low);
    }
    std::uint32_t low(unsigned pin) { return get(kRedirection0 + 2 * pin); }

    bool listens{true};
    std::vector<lapic::Message> sent;
    IoApic apic{48, [this](const lapic::Message& message) {
                    if (listens) {
                        sent.push_back(message);
                    }
                    return listens;
                }};
};

TEST_F(IoApicTest, TellsVersionAndPins)
{
    EXPECT_EQ(get(kVersionRegister), 0x002f0011U);
    EXPECT_EQ((IoApic{24, {}}.pins()), 24U);
    put(kId, 0xffffffff);
    EXPECT_EQ(get(kId), 0x0f000000U);
    EXPECT_EQ(low(0), kMasked);
    EXPECT_EQ(low(47), kMasked);
    EXPECT_EQ(get(0xff), 0U);
}

TEST_F(IoApicTest, AnEdgeIsSentOnceAndLostWhileMasked)
{
    program(4, 0x34, 0x01000000);
    apic.set_irq(4, true);
    apic.set_irq(4, true);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], (lapic::Message{.destination = 1, .vector = 0x34}));
    apic.set_irq(4, false);
    program(4, kMasked | 0x34);
    apic.set_irq(4, true);
    program(4, 0x34);
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(IoApicTest, ALevelIsHeldUntilItsEndAndComesAgainWhileAsserted)
{
    program(20, kLevel | kLogical | 1 << 8 | 0x91, 0xff000000);
    apic.set_irq(20, true);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], (lapic::Message{.destination = 0xff,
                                       .destination_mode = lapic::DestinationMode::Logical,
                                       .mode = lapic::DeliveryMode::LowestPriority,
                                       .vector = 0x91,
                                       .trigger = lapic::Trigger::Level}));
    EXPECT_NE(low(20) & kRemoteIrr, 0U);
    apic.set_irq(20, false);
    apic.set_irq(20, true);
    EXPECT_EQ(sent.size(), 1U);
    apic.end_of_interrupt(0x92);
    EXPECT_EQ(sent.size(), 1U);
    apic.end_of_interrupt(0x91);
    EXPECT_EQ(sent.size(), 2U);
    apic.set_irq(20, false);
    apic.end_of_interrupt(0x91);
    EXPECT_EQ(sent.size(), 2U);
    EXPECT_EQ(low(20) & kRemoteIrr, 0U);
}

TEST_F(IoApicTest, UnmaskingAnAssertedLevelSendsIt)
{
    program(20, kMasked | kLevel | 0x91);
    apic.set_irq(20, true);
    EXPECT_TRUE(sent.empty());
    program(20, kLevel | 0x91);
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(IoApicTest, ALevelThatNobodyTakesIsOfferedAgain)
{
    listens = false;
    program(20, kLevel | 0x91);
    apic.set_irq(20, true);
    EXPECT_EQ(low(20) & kRemoteIrr, 0U);
    listens = true;
    program(20, kLevel | 0x91);
    EXPECT_EQ(sent.size(), 1U);
}

// Who has to be ready for the end of an interrupt hears of its entry before it is sent.
TEST_F(IoApicTest, TellsOfAnEntryBeforeItSends)
{
    std::vector<std::size_t> sent_before;
    apic.on_entry_changed([&] { sent_before.push_back(sent.size()); });
    apic.set_irq(20, true);
    program(20, kLevel | 0x91, 0x01000000);
    EXPECT_EQ(sent_before, (std::vector<std::size_t>{0, 0}));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(apic.message(20), sent[0]);
    apic.end_of_interrupt(0x91);
    EXPECT_EQ(sent_before.size(), 2U) << "remote IRR is no change of the entry";
}

TEST_F(IoApicTest, SwitchingToEdgeForgetsTheRemoteIrr)
{
    program(20, kLevel | 0x91);
    apic.set_irq(20, true);
    program(20, kMasked | 0x91);
    program(20, kLevel | 0x91);
    EXPECT_EQ(sent.size(), 2U);
}

TEST_F(IoApicTest, ReadOnlyBitsCannotBeWrittenAndNarrowWritesVanish)
{
    program(3, 0xffffffff);
    EXPECT_EQ(low(3), 0x1afffU);
    apic.write(kWindow, bus::Width::Byte, 0);
    EXPECT_EQ(low(3), 0x1afffU);
}

TEST_F(IoApicTest, PhysicalBroadcastIsWidened)
{
    program(1, 0x40, 0xff000000);
    apic.set_irq(1, true);
    EXPECT_EQ(sent.at(0).destination, lapic::kEveryone);
}

TEST_F(IoApicTest, ResetMasksAndKeepsTheInputs)
{
    program(20, kLevel | 0x91);
    apic.set_irq(20, true);
    apic.reset();
    EXPECT_EQ(low(20), kMasked);
    program(20, kLevel | 0x91);
    EXPECT_EQ(sent.size(), 2U);
    apic.set_irq(48, true);
    apic.set_irq(1000, true);
    EXPECT_EQ(sent.size(), 2U);
}

} // namespace
} // namespace windsor::devices::ioapic
