// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtl8139/rtl8139_bench.hpp"
#include "devices/rtl8139/saved_state.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::rtl8139 {
namespace {

class Rtl8139Registers : public testing::Test {
protected:
    void unlock() { b.out8(0x50, 0xc0); }
    void lock() { b.out8(0x50, 0); }

    // The EEPROM, as a driver reaches it: a command of `bits` bits, first to last.
    void eeprom_begin()
    {
        b.out8(0x50, 0x80);
        b.out8(0x50, 0x88);
    }
    void eeprom_bits(std::uint32_t value, unsigned bits)
    {
        while (bits-- > 0) {
            const unsigned data = (value >> bits & 1) != 0 ? 0x8a : 0x88;
            b.out8(0x50, data);
            b.out8(0x50, data | 4);
        }
        b.out8(0x50, 0x88);
    }
    std::uint16_t eeprom_word()
    {
        std::uint16_t value = 0;
        for (unsigned i = 0; i < 16; ++i) {
            b.out8(0x50, 0x8c);
            value = static_cast<std::uint16_t>(value << 1 | (b.in8(0x50) & 1));
            b.out8(0x50, 0x88);
        }
        return value;
    }
    void eeprom_end() { b.out8(0x50, 0x80); }
    std::uint16_t eeprom_read(unsigned address, unsigned address_bits = 6)
    {
        eeprom_begin();
        eeprom_bits(6U << address_bits | address, 3 + address_bits);
        const std::uint16_t word = eeprom_word();
        eeprom_end();
        return word;
    }
    void eeprom_do(std::uint32_t command, unsigned bits)
    {
        eeprom_begin();
        eeprom_bits(command, bits);
        eeprom_end();
    }

    Bench b;
};

TEST_F(Rtl8139Registers, ItIsAnRtl8139CPlus)
{
    EXPECT_EQ(b.card.config_read(0x00, 4), 0x813910ecU);
    EXPECT_EQ(b.card.config_read(0x08, 4), 0x02000020U);
    EXPECT_EQ(b.card.config_read(0x2c, 4), 0x813910ecU);
    EXPECT_EQ(b.card.config_read(0x3d, 1), 1U);
    b.card.config_write(0x10, 4, 0xffffffff);
    EXPECT_EQ(b.card.config_read(0x10, 4), 0xffffff01U);
    b.card.config_write(0x14, 4, 0xffffffff);
    EXPECT_EQ(b.card.config_read(0x14, 4), 0xffffff00U);
    EXPECT_EQ(b.in32(0x40) & 0x7cc00000, 0x74800000U);
    EXPECT_EQ(b.in8(0x5e), 0x20U);
}

TEST_F(Rtl8139Registers, TheEepromSaysItsAddress)
{
    for (unsigned i = 0; i < 6; ++i) {
        EXPECT_EQ(b.in8(i), kMac.at(i));
    }
    EXPECT_EQ(b.in32(0), 0x123e1600U);
    EXPECT_EQ(b.in16(4), 0x5634U);
    EXPECT_EQ(eeprom_read(0), 0x8129U);
    EXPECT_EQ(eeprom_read(1), 0x10ecU);
    EXPECT_EQ(eeprom_read(2), 0x8139U);
    EXPECT_EQ(eeprom_read(3), 0x10ecU);
    EXPECT_EQ(eeprom_read(4), 0x8139U);
    EXPECT_EQ(eeprom_read(7), 0x1600U);
    EXPECT_EQ(eeprom_read(8), 0x123eU);
    EXPECT_EQ(eeprom_read(9), 0x5634U);
}

// By which drivers find out how large it is.
TEST_F(Rtl8139Registers, AnAddressOfEightBitsMissesTheFirstBitsOfTheWord)
{
    EXPECT_EQ(eeprom_read(0, 8), 0x04a4U);
}

TEST_F(Rtl8139Registers, TheEepromGoesOnToTheNextWord)
{
    eeprom_begin();
    eeprom_bits(6U << 6 | 63, 9);
    EXPECT_EQ(b.in8(0x50) & 1, 0U) << "the bit before the data";
    EXPECT_EQ(eeprom_word(), 0U);
    EXPECT_EQ(eeprom_word(), 0x8129U);
    eeprom_end();
}

TEST_F(Rtl8139Registers, TheEepromIsWrittenWhenThatIsEnabled)
{
    constexpr std::uint32_t kWrite = 5U << 6;
    eeprom_do((kWrite | 20) << 16 | 0x1234, 25);
    EXPECT_EQ(eeprom_read(20), 0U);
    eeprom_do(4U << 6 | 3U << 4, 9); // EWEN
    eeprom_do((kWrite | 20) << 16 | 0x1234, 25);
    EXPECT_EQ(eeprom_read(20), 0x1234U);
    eeprom_begin();
    EXPECT_EQ(b.in8(0x50) & 1, 1U) << "not busy";
    eeprom_end();
    eeprom_do(7U << 6 | 20, 9); // ERASE
    EXPECT_EQ(eeprom_read(20), 0xffffU);
    eeprom_do((4U << 6 | 1U << 4) << 16 | 0x5678, 25); // WRAL
    EXPECT_EQ(eeprom_read(0), 0x5678U);
    EXPECT_EQ(eeprom_read(63), 0x5678U);
    eeprom_do(4U << 6 | 2U << 4, 9); // ERAL
    EXPECT_EQ(eeprom_read(5), 0xffffU);
    eeprom_do(4U << 6, 9); // EWDS
    eeprom_do((kWrite | 20) << 16 | 0x1234, 25);
    EXPECT_EQ(eeprom_read(20), 0xffffU);
}

TEST_F(Rtl8139Registers, AutoLoadAndResetTakeTheAddressFromTheEeprom)
{
    eeprom_do(4U << 6 | 3U << 4, 9);
    eeprom_do((5U << 6 | 7) << 16 | 0x2202, 25);
    EXPECT_EQ(b.in16(0), 0x1600U);
    b.out16(0x3c, 1);
    b.out8(0x50, 0x40);
    EXPECT_EQ(b.in16(0), 0x2202U);
    EXPECT_EQ(b.in8(0x50) & 0xc0, 0U);
    EXPECT_EQ(b.in16(0x3c), 0U);
    b.out16(0, 0xffff);
    b.card.reset();
    EXPECT_EQ(b.in16(0), 0x2202U);
}

TEST_F(Rtl8139Registers, WithoutItsSignatureTheEepromSaysNothing)
{
    eeprom_do(4U << 6 | 3U << 4, 9);
    eeprom_do(5U << 22 | 0x8128, 25);
    b.out8(0x50, 0x40);
    EXPECT_EQ(b.in32(0), 0U);
}

TEST_F(Rtl8139Registers, ConfigurationIsLocked)
{
    const unsigned config1 = b.in8(0x52);
    const unsigned config3 = b.in8(0x59);
    b.out8(0x52, 0);
    b.out8(0x59, 0);
    b.out8(0x5a, 0x12);
    b.out16(0x62, 0);
    EXPECT_EQ(b.in8(0x52), config1);
    EXPECT_EQ(b.in8(0x59), config3);
    EXPECT_EQ(b.in8(0x5a), 0x80U);
    EXPECT_EQ(b.in16(0x62), 0x3100U);
    unlock();
    b.out8(0x52, 0xff);
    b.out8(0x59, 0xff);
    b.out8(0x5a, 0x12);
    b.out16(0x62, 0);
    lock();
    EXPECT_EQ(b.in8(0x52), 0xfdU);
    EXPECT_EQ(b.in8(0x59), 0xf0U);
    EXPECT_EQ(b.in8(0x5a), 0x12U);
    EXPECT_EQ(b.in16(0x62), 0U);
    b.out8(0xd8, 0x72); // CONFIG5 is not
    EXPECT_EQ(b.in8(0xd8), 0x72U);
}

TEST_F(Rtl8139Registers, SomeOfARegisterCanBeWritten)
{
    b.out32(8, 0x44332211);
    b.out8(9, 0xaa);
    b.out16(14, 0xbeef);
    EXPECT_EQ(b.in32(8), 0x4433aa11U);
    EXPECT_EQ(b.in32(12), 0xbeef0000U);
    EXPECT_EQ(b.in32(10), 0x00004433U) << "across two";
    b.out32(0x20, 0x12345678);
    EXPECT_EQ(b.in8(0x23), 0x12U);
}

TEST_F(Rtl8139Registers, ResetKeepsAddressesAndConfiguration)
{
    b.out32(0, 0x03020100);
    b.out32(8, 0x01020304);
    b.out8(0x37, 0x0c);
    b.out16(0x3c, 0xffff);
    b.out32(0x44, 0x0000178f);
    b.out16(0xe0, 3);
    b.out8(0x37, 0x10);
    EXPECT_EQ(b.in8(0x37), 1U) << "nothing enabled, buffer empty";
    EXPECT_EQ(b.in32(0), 0x03020100U);
    EXPECT_EQ(b.in32(8), 0x01020304U);
    EXPECT_EQ(b.in16(0x3c), 0U);
    EXPECT_EQ(b.in16(0x38), 0xfff0U);
    EXPECT_EQ(b.in32(0x44), 0U);
    EXPECT_EQ(b.in16(0xe0), 0U);
    EXPECT_EQ(b.in32(0x10), 0x2000U);
}

// How iPXE tells an RTL8139C+ from an RTL8169, and from one without C+ mode.
TEST_F(Rtl8139Registers, ThereIsACPlusCommandButNoLengthLimit)
{
    b.out16(0xda, 0x600);
    EXPECT_EQ(b.in16(0xda), 0U);
    b.out16(0xe0, 0xffff);
    EXPECT_EQ(b.in16(0xe0), 0x7bU);
}

TEST_F(Rtl8139Registers, InterruptsAreMaskedAndClearedByOnes)
{
    b.out8(0xd9, 1);
    EXPECT_EQ(b.in16(0x3e), 0x100U);
    EXPECT_FALSE(b.line.asserted);
    b.out16(0x3c, 0xffff);
    EXPECT_EQ(b.in16(0x3c), 0xe1ffU);
    EXPECT_TRUE(b.line.asserted);
    EXPECT_EQ(b.card.config_read(6, 2) & 8, 8U);
    b.out16(0x3e, 0x00ff);
    EXPECT_TRUE(b.line.asserted);
    b.out16(0x3e, 0x0100);
    EXPECT_FALSE(b.line.asserted);
    EXPECT_EQ(b.in16(0x3e), 0U);
    EXPECT_EQ(b.line.changes, 2U);
}

TEST_F(Rtl8139Registers, TheTimerCountsThePciClock)
{
    b.pass(base::kSecond);
    b.out32(0x48, 0);
    EXPECT_EQ(b.in32(0x48), 0U);
    b.pass(base::kMicrosecond);
    EXPECT_EQ(b.in32(0x48), 33U);
    b.pass(200 * base::kSecond);
    EXPECT_EQ(b.in32(0x48), (33 + 200ULL * 33'000'000) & 0xffffffff);
}

TEST_F(Rtl8139Registers, TheTimerInterruptsWhereItIsToldTo)
{
    b.out16(0x3c, 0x4000);
    b.out32(0x48, 0);
    b.out32(0x54, 3300);
    b.pass(99'999);
    EXPECT_FALSE(b.line.asserted);
    b.pass(1);
    EXPECT_TRUE(b.line.asserted);
    b.out16(0x3e, 0x4000);
    EXPECT_FALSE(b.line.asserted);
    b.pass(base::kSecond);
    EXPECT_FALSE(b.line.asserted) << "until it comes round again";
    b.out32(0x48, 0);
    b.pass(100'000);
    EXPECT_TRUE(b.line.asserted);
    b.out16(0x3e, 0x4000);
    b.out32(0x54, 0);
    b.pass(131 * base::kSecond);
    EXPECT_FALSE(b.line.asserted);
    EXPECT_EQ(b.timers.next_deadline(), std::nullopt);
}

TEST_F(Rtl8139Registers, TheTimerComesRound)
{
    b.out32(0x54, 33);
    b.pass(1000);
    EXPECT_EQ(b.in16(0x3e), 0x4000U);
    b.out16(0x3e, 0x4000);
    b.pass((std::int64_t{1} << 32) * 1000 / 33);
    EXPECT_EQ(b.in16(0x3e), 0U);
    b.pass(1);
    EXPECT_EQ(b.in16(0x3e), 0x4000U);
}

TEST_F(Rtl8139Registers, SettlingBringsATimerThatIsDue)
{
    b.out32(0x54, 33);
    b.clock.advance(1000);
    EXPECT_EQ(b.in16(0x3e), 0U);
    b.card.settle();
    EXPECT_EQ(b.in16(0x3e), 0x4000U);
}

TEST_F(Rtl8139Registers, TheCableCanBePulled)
{
    EXPECT_EQ(b.in8(0x58), 0x10U);
    EXPECT_EQ(b.in16(0x64), 0x782dU);
    EXPECT_EQ(b.in16(0x66), 0x05e1U);
    EXPECT_EQ(b.in16(0x68), 0x45e1U);
    EXPECT_EQ(b.in16(0x6a), 1U);
    EXPECT_EQ(b.in16(0x74), 0x07c8U);
    b.out16(0x3c, 0x20);
    b.card.set_carrier(true);
    EXPECT_FALSE(b.line.asserted) << "it is already";
    b.card.set_carrier(false);
    EXPECT_TRUE(b.line.asserted);
    EXPECT_EQ(b.in16(0x3e), 0x20U);
    EXPECT_EQ(b.in8(0x58), 0x14U);
    EXPECT_EQ(b.in16(0x64), 0x7809U);
    EXPECT_EQ(b.in16(0x68), 0U);
    EXPECT_EQ(b.in32(0x74), 0x0bc0U);
    EXPECT_EQ(b.in32(0x74), 0x03c0U) << "the change has been seen";
    EXPECT_EQ(b.in16(0x6c), 1U);
    EXPECT_EQ(b.in16(0x6c), 0U);
    b.out16(0x3e, 0x20);
    b.card.set_carrier(true);
    EXPECT_TRUE(b.line.asserted);
    EXPECT_EQ(b.in8(0x58), 0x10U);
}

TEST_F(Rtl8139Registers, WithoutALinkThereIsNoCarrier)
{
    Bench alone{false};
    EXPECT_EQ(alone.in8(0x58) & 4, 4U);
    alone.card.set_carrier(true);
    EXPECT_EQ(alone.in16(0x3e), 0U);
}

TEST_F(Rtl8139Registers, TheSpeedIsWhatIsAdvertisedOrForced)
{
    b.out16(0x66, 0x0061);
    EXPECT_EQ(b.in8(0x58) & 8, 8U);
    unlock();
    b.out16(0x62, 0x2000);
    EXPECT_EQ(b.in8(0x58) & 8, 0U);
    EXPECT_EQ(b.in16(0x64) & 0x20, 0U) << "nothing was negotiated";
    b.out16(0x62, 0x0000);
    EXPECT_EQ(b.in8(0x58) & 8, 8U);
    b.out16(0x62, 0x8000);
    EXPECT_EQ(b.in16(0x62), 0x3100U);
    EXPECT_EQ(b.in16(0x66), 0x05e1U);
}

TEST_F(Rtl8139Registers, PowerManagement)
{
    EXPECT_EQ(b.card.config_read(6, 2) & 0x10, 0x10U);
    EXPECT_EQ(b.card.config_read(0x34, 1), 0x50U);
    EXPECT_EQ(b.card.config_read(0x50, 4), 0xf7c20001U);
    b.out16(0x3c, 0x100);
    b.out8(0xd9, 1);
    EXPECT_TRUE(b.line.asserted);
    b.card.config_write(0x54, 2, 3);
    EXPECT_EQ(b.card.config_read(0x54, 4), 3U);
    EXPECT_FALSE(b.line.asserted);
    b.card.config_write(0x54, 2, 0);
    EXPECT_EQ(b.in16(0x3c), 0U) << "coming from D3 is a reset";
    EXPECT_FALSE(b.line.asserted);
}

TEST_F(Rtl8139Registers, OtherRegistersHoldWhatIsWritten)
{
    b.out16(0x5c, 0xffff);
    EXPECT_EQ(b.in16(0x5c), 0x0fffU);
    b.out32(0x7c, 0xb388fa58);
    EXPECT_EQ(b.in32(0x7c), 0xb388fa58U);
    b.out8(0xd3, 0x55);
    EXPECT_EQ(b.in8(0xd3), 0x55U);
    b.out8(0xec, 0xff);
    EXPECT_EQ(b.in8(0xec), 0x3fU);
    b.out32(0x40, 0xffffffff);
    EXPECT_EQ(b.in32(0x40), 0x778707f0U);
    b.out8(0x58, 0xff);
    EXPECT_EQ(b.in8(0x58), 0xd0U);
    b.out32(0xf0, 0xffffffff);
    EXPECT_EQ(b.in32(0xf0), 0U);
    EXPECT_EQ(b.card.read(0x38, bus::Width::Qword).value, 0x000000000000fff0U);
}

TEST_F(Rtl8139Registers, LoadMakesNoEdgeAndKeepsDeadlines)
{
    b.out16(0x3c, 0x4100);
    b.out8(0xd9, 1);
    b.out32(0x54, 3300);
    b.pass(50'000);
    Bench other;
    other.clock.set(b.clock.now());
    other.card.load(b.card.state());
    EXPECT_EQ(other.line.changes, 0U);
    EXPECT_EQ(other.timers.next_deadline(), b.timers.next_deadline());
    EXPECT_EQ(state::pack(other.card.state()), state::pack(b.card.state()));
    other.out16(0x3e, 0x100);
    EXPECT_EQ(other.line.changes, 1U);
    other.pass(50'000);
    EXPECT_TRUE(other.line.asserted);
}

TEST_F(Rtl8139Registers, ASleepingCardIsRestoredAsleep)
{
    b.out16(0x3c, 0x100);
    b.out8(0xd9, 1);
    b.card.config_write(0x54, 2, 3);
    Bench other;
    other.card.load(b.card.state());
    EXPECT_EQ(state::pack(other.card.state()), state::pack(b.card.state()));
    EXPECT_FALSE(other.card.interrupt());
    other.card.config_write(0x54, 2, 2);
    EXPECT_FALSE(other.line.asserted);
}

// Such a state comes from no card, and is refused because it does not stay as it is.
TEST_F(Rtl8139Registers, WhatNoCardCanHoldIsPutRight)
{
    Rtl8139::State forged = b.card.state();
    forged.pci.interrupt = true;
    forged.eeprom.bits = 200;
    forged.registers.write_pointer = 0xffff;
    forged.registers.next_received = 64;
    forged.registers.eeprom_command = 0x40;
    forged.registers.timer_start = 1;
    b.card.load(forged);
    const Rtl8139::State state = b.card.state();
    EXPECT_FALSE(state.pci.interrupt);
    EXPECT_EQ(state.eeprom.bits, 8U);
    EXPECT_EQ(state.registers.write_pointer, 0x1ffcU);
    EXPECT_EQ(state.registers.next_received, 0U);
    EXPECT_EQ(state.registers.eeprom_command, 0U);
    EXPECT_EQ(state.registers.timer_start, 0);
    EXPECT_EQ(b.line.changes, 0U);
}

} // namespace
} // namespace windsor::devices::rtl8139
