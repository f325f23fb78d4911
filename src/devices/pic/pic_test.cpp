// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pic/pic.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace windsor::devices::pic {
namespace {

using bus::Width;

// Remembers the level of INTR and counts its edges.
class Processor final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool level) override
    {
        intr = level;
        edges += level ? 1 : 0;
    }
    bool intr{false};
    int edges{0};
};

class PicTest : public testing::Test {
protected:
    PicTest() { initialize(0); }

    void write(bus::AccessHandler& ports, unsigned offset, std::uint8_t value)
    {
        EXPECT_EQ(ports.write(offset, Width::Byte, value), bus::AccessStatus::Ok);
    }
    std::uint8_t read(bus::AccessHandler& ports, unsigned offset)
    {
        return static_cast<std::uint8_t>(ports.read(offset, Width::Byte).value);
    }
    // As every PC firmware does it, with vectors 0x08 and 0x70.
    void initialize(std::uint8_t icw4_bits)
    {
        const auto icw4 = static_cast<std::uint8_t>(1 | icw4_bits);
        write(master, 0, 0x11);
        write(slave, 0, 0x11);
        write(master, 1, 0x08);
        write(master, 1, 0x04);
        write(master, 1, icw4);
        write(slave, 1, 0x70);
        write(slave, 1, 0x02);
        write(slave, 1, icw4);
        mask(0);
    }
    void mask(std::uint16_t bits)
    {
        write(master, 1, static_cast<std::uint8_t>(bits & 0xff));
        write(slave, 1, static_cast<std::uint8_t>(bits >> 8));
    }
    std::uint8_t irr(bus::AccessHandler& chip)
    {
        write(chip, 0, 0x0a);
        return read(chip, 0);
    }
    std::uint8_t isr(bus::AccessHandler& chip)
    {
        write(chip, 0, 0x0b);
        return read(chip, 0);
    }
    void eoi_both()
    {
        write(slave, 0, 0x20);
        write(master, 0, 0x20);
    }

    Processor processor;
    Pic pic{bus::IrqLine{processor, 0}};
    bus::AccessHandler& master{pic.master_ports()};
    bus::AccessHandler& slave{pic.slave_ports()};
    bus::AccessHandler& elcr{pic.elcr_ports()};
};

TEST_F(PicTest, EdgeIsDeliveredOnceAndEndsWithEoi)
{
    pic.set_irq(1, true);
    EXPECT_TRUE(processor.intr);
    EXPECT_EQ(irr(master), 0x02);
    EXPECT_EQ(pic.acknowledge(), 0x09);
    EXPECT_FALSE(processor.intr);
    EXPECT_EQ(irr(master), 0x00);
    EXPECT_EQ(isr(master), 0x02);
    write(master, 0, 0x20);
    EXPECT_EQ(isr(master), 0x00);
    EXPECT_FALSE(pic.output()) << "the line is still high, but it has not risen again";
}

TEST_F(PicTest, PulseIsRemembered)
{
    pic.set_irq(4, true);
    pic.set_irq(4, false);
    EXPECT_TRUE(pic.output());
    EXPECT_EQ(pic.acknowledge(), 0x0c);
}

TEST_F(PicTest, LowerPriorityWaitsForEoiAndHigherNests)
{
    pic.set_irq(4, true);
    EXPECT_EQ(pic.acknowledge(), 0x0c);
    pic.set_irq(5, true);
    EXPECT_FALSE(pic.output());
    pic.set_irq(0, true);
    EXPECT_TRUE(pic.output());
    EXPECT_EQ(pic.acknowledge(), 0x08);
    EXPECT_EQ(isr(master), 0x11);
    write(master, 0, 0x20); // the highest goes first
    EXPECT_EQ(isr(master), 0x10);
    EXPECT_FALSE(pic.output());
    write(master, 0, 0x64); // specific EOI of 4
    EXPECT_EQ(pic.acknowledge(), 0x0d);
}

TEST_F(PicTest, SlaveInterruptPassesThroughTheCascade)
{
    pic.set_irq(12, true);
    EXPECT_EQ(irr(master), 0x04);
    EXPECT_EQ(pic.acknowledge(), 0x74);
    EXPECT_EQ(isr(master), 0x04);
    EXPECT_EQ(isr(slave), 0x10);
    pic.set_irq(8, true);
    EXPECT_FALSE(pic.output()) << "the master is still serving the slave";
    pic.set_irq(3, true);
    EXPECT_FALSE(pic.output()) << "input 3 ranks below the slave";
    eoi_both();
    EXPECT_EQ(pic.acknowledge(), 0x70);
    eoi_both();
    EXPECT_EQ(pic.acknowledge(), 0x0b);
}

TEST_F(PicTest, SlaveThatStillAsksIsServedAfterEoi)
{
    pic.set_irq(14, true);
    pic.set_irq(15, true);
    EXPECT_EQ(pic.acknowledge(), 0x76);
    eoi_both();
    EXPECT_TRUE(processor.intr);
    EXPECT_EQ(pic.acknowledge(), 0x77);
}

TEST_F(PicTest, CascadeInputCannotBeDrivenFromOutside)
{
    pic.set_irq(2, true);
    pic.set_irq(16, true);
    pic.set_irq(~0u, true);
    EXPECT_FALSE(pic.output());
}

TEST_F(PicTest, MaskedInterruptWaits)
{
    mask(0x0002);
    pic.set_irq(1, true);
    EXPECT_FALSE(pic.output());
    EXPECT_EQ(irr(master), 0x02);
    EXPECT_EQ(read(master, 1), 0x02);
    mask(0);
    EXPECT_TRUE(pic.output());
    EXPECT_EQ(processor.edges, 1);
}

TEST_F(PicTest, NothingPendingGivesSpuriousSeven)
{
    EXPECT_EQ(pic.acknowledge(), 0x0f);
    EXPECT_EQ(isr(master), 0x00);
    write(elcr, 0, 0x20);
    pic.set_irq(5, true);
    EXPECT_TRUE(processor.intr);
    pic.set_irq(5, false); // before the processor has acknowledged
    EXPECT_FALSE(processor.intr);
    EXPECT_EQ(pic.acknowledge(), 0x0f);
    EXPECT_EQ(isr(master), 0x00);
}

TEST_F(PicTest, LevelInputAsksAgainUntilItFalls)
{
    write(elcr, 1, 0x08); // input 11
    pic.set_irq(11, true);
    EXPECT_EQ(pic.acknowledge(), 0x73);
    EXPECT_FALSE(pic.output());
    eoi_both();
    EXPECT_TRUE(pic.output());
    EXPECT_EQ(pic.acknowledge(), 0x73);
    pic.set_irq(11, false);
    eoi_both();
    EXPECT_FALSE(pic.output());
}

TEST_F(PicTest, ElcrKeepsLegacyInputsEdgeTriggered)
{
    write(elcr, 0, 0xff);
    write(elcr, 1, 0xff);
    EXPECT_EQ(read(elcr, 0), 0xf8);
    EXPECT_EQ(read(elcr, 1), 0xde);
    write(master, 0, 0x11);
    EXPECT_EQ(read(elcr, 0), 0xf8) << "ICW1 leaves it alone";
}

TEST_F(PicTest, AutoEoiLeavesNothingInService)
{
    initialize(0x02);
    pic.set_irq(3, true);
    pic.set_irq(6, true);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    EXPECT_EQ(isr(master), 0x00);
    EXPECT_EQ(pic.acknowledge(), 0x0e);
}

TEST_F(PicTest, AutoEoiCanRotate)
{
    initialize(0x02);
    write(master, 0, 0x80);
    pic.set_irq(3, true);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    pic.set_irq(3, false);
    pic.set_irq(3, true);
    pic.set_irq(4, true);
    EXPECT_EQ(pic.acknowledge(), 0x0c) << "3 has become the lowest";
}

TEST_F(PicTest, RotationOnEoiMovesTheServedInputLast)
{
    pic.set_irq(0, true);
    EXPECT_EQ(pic.acknowledge(), 0x08);
    write(master, 0, 0xa0);
    pic.set_irq(0, false);
    pic.set_irq(0, true);
    pic.set_irq(7, true);
    EXPECT_EQ(pic.acknowledge(), 0x0f);
    write(master, 0, 0xe7); // rotate on specific EOI of 7
    EXPECT_EQ(pic.acknowledge(), 0x08);
}

TEST_F(PicTest, SetPriorityNamesTheLowest)
{
    write(master, 0, 0xc3); // 3 lowest, so 4 highest
    pic.set_irq(0, true);
    pic.set_irq(4, true);
    EXPECT_EQ(pic.acknowledge(), 0x0c);
}

TEST_F(PicTest, SpecialMaskLetsLowerInputsThrough)
{
    pic.set_irq(1, true);
    EXPECT_EQ(pic.acknowledge(), 0x09);
    pic.set_irq(5, true);
    EXPECT_FALSE(pic.output());
    mask(0x0002);
    EXPECT_FALSE(pic.output());
    write(master, 0, 0x68); // set special mask mode
    EXPECT_TRUE(pic.output());
    EXPECT_EQ(pic.acknowledge(), 0x0d);
    write(master, 0, 0x20); // ends 5; 1 is masked and stays
    EXPECT_EQ(isr(master), 0x02);
    write(master, 0, 0x48); // reset special mask mode
    write(master, 0, 0x20);
    EXPECT_EQ(isr(master), 0x00);
}

TEST_F(PicTest, SpecialFullyNestedSlaveInterruptsItself)
{
    initialize(0x10);
    pic.set_irq(12, true);
    EXPECT_EQ(pic.acknowledge(), 0x74);
    pic.set_irq(14, true);
    EXPECT_FALSE(pic.output());
    pic.set_irq(9, true);
    EXPECT_TRUE(pic.output());
    EXPECT_EQ(pic.acknowledge(), 0x71);
    EXPECT_EQ(isr(slave), 0x12);
    pic.set_irq(5, true);
    EXPECT_FALSE(pic.output()) << "lower inputs of the master still wait";
}

TEST_F(PicTest, PollReadsAndAcknowledges)
{
    mask(0xffff);
    write(master, 0, 0x0c);
    EXPECT_EQ(read(master, 0), 0x00);
    mask(0);
    pic.set_irq(6, true);
    write(master, 0, 0x0c);
    EXPECT_EQ(read(master, 0), 0x86);
    EXPECT_FALSE(processor.intr);
    EXPECT_EQ(isr(master), 0x40);
    write(master, 0, 0x0a);
    EXPECT_EQ(read(master, 0), 0x00) << "only one read is a poll";
}

TEST_F(PicTest, InitializationForgetsEdgesMaskAndService)
{
    mask(0x00ff);
    pic.set_irq(1, true);
    pic.set_irq(3, true);
    mask(0);
    EXPECT_EQ(pic.acknowledge(), 0x09);
    write(master, 0, 0x0b);
    write(master, 0, 0x11);
    EXPECT_EQ(read(master, 0), 0x00) << "the status read is IRR again, and empty";
    write(master, 1, 0x20);
    write(master, 1, 0x04);
    write(master, 1, 0x01);
    EXPECT_EQ(read(master, 1), 0x00);
    EXPECT_EQ(isr(master), 0x00);
    EXPECT_FALSE(pic.output());
    pic.set_irq(3, false);
    pic.set_irq(3, true);
    EXPECT_EQ(pic.acknowledge(), 0x23);
}

TEST_F(PicTest, InitializationWithoutIcw4ClearsItsModes)
{
    initialize(0x02);
    write(master, 0, 0x10); // ICW1, no ICW4
    write(master, 1, 0x40);
    write(master, 1, 0x04);
    write(master, 1, 0xfe); // already OCW1
    EXPECT_EQ(read(master, 1), 0xfe);
    pic.set_irq(0, true);
    EXPECT_EQ(pic.acknowledge(), 0x40);
    EXPECT_EQ(isr(master), 0x01);
}

TEST_F(PicTest, SingleModeSkipsIcw3)
{
    write(master, 0, 0x13);
    write(master, 1, 0x30);
    write(master, 1, 0x03); // ICW4: automatic EOI
    write(master, 1, 0x55);
    EXPECT_EQ(read(master, 1), 0x55);
}

TEST_F(PicTest, WideAccessesAreLeftToTheBus)
{
    EXPECT_EQ(master.read(0, Width::Word).status, bus::AccessStatus::BadWidth);
    EXPECT_EQ(elcr.write(0, Width::Dword, 0), bus::AccessStatus::BadWidth);
}

TEST_F(PicTest, StateRoundTripMakesNoEdge)
{
    pic.set_irq(12, true);
    const Pic::State saved = pic.state();
    Processor other;
    Pic copy{bus::IrqLine{other, 0}};
    copy.load(saved);
    EXPECT_EQ(other.edges, 0);
    EXPECT_TRUE(copy.output());
    EXPECT_EQ(copy.acknowledge(), 0x74);
}

TEST_F(PicTest, ResetKeepsTheLines)
{
    write(elcr, 0, 0x20);
    pic.set_irq(5, true);
    pic.reset();
    EXPECT_FALSE(pic.output());
    EXPECT_EQ(read(elcr, 0), 0x00);
    write(elcr, 0, 0x20);
    EXPECT_TRUE(pic.output());
}

} // namespace
} // namespace windsor::devices::pic
