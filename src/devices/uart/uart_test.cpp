// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/uart/uart16550.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windsor::devices::uart {
namespace {

using base::kMillisecond;
using bus::Width;

class Edges final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool now) override
    {
        level = now;
        count += now ? 1 : 0;
    }
    bool level{false};
    int count{0};
};

class Terminal final : public backend::CharacterSink {
public:
    void transmit(std::uint8_t byte) override { text += static_cast<char>(byte); }
    void input_wanted() override { ++asked; }
    std::string text;
    int asked{0};
};

enum Port : unsigned { kData, kIer, kIir, kLcr, kMcr, kLsr, kMsr, kScr };

class UartTest : public testing::Test {
protected:
    void write(unsigned port, unsigned value)
    {
        EXPECT_EQ(uart.write(port, Width::Byte, value), bus::AccessStatus::Ok);
    }
    unsigned read(unsigned port) { return static_cast<unsigned>(uart.read(port, Width::Byte).value); }
    std::size_t send(const std::string& text)
    {
        const std::vector<std::uint8_t> bytes(text.begin(), text.end());
        return uart.receive(bytes);
    }
    std::string receive_all()
    {
        std::string text;
        while ((read(kLsr) & 1) != 0) {
            text += static_cast<char>(read(kData));
        }
        return text;
    }
    void pass(base::Nanoseconds by)
    {
        clock.advance(by);
        timers.run_due(clock.now());
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    Edges irq;
    Terminal terminal;
    Uart16550 uart{clock, timers, bus::IrqLine{irq, 4}, terminal};
};

TEST_F(UartTest, PowerOnState)
{
    EXPECT_EQ(read(kIer), 0x00u);
    EXPECT_EQ(read(kIir), 0x01u);
    EXPECT_EQ(read(kLsr), 0x60u);
    EXPECT_EQ(read(kMsr), 0xb0u);
    EXPECT_EQ(read(kMcr), 0x00u);
    EXPECT_EQ(uart.read(0, Width::Word).status, bus::AccessStatus::BadWidth);
}

TEST_F(UartTest, IdentifiesAsA16550A)
{
    // Linux' autoconfig and Windows' serial.sys look at these.
    write(kIer, 0xff);
    EXPECT_EQ(read(kIer), 0x0fu);
    write(kIer, 0);
    write(kScr, 0x5a);
    EXPECT_EQ(read(kScr), 0x5au);
    write(kIir, 0x01);
    EXPECT_EQ(read(kIir), 0xc1u);
    write(kIir, 0x00);
    EXPECT_EQ(read(kIir), 0x01u);
    write(kMcr, 0xff);
    EXPECT_EQ(read(kMcr), 0x1fu);
}

TEST_F(UartTest, DivisorLatch)
{
    write(kLcr, 0x83);
    write(kData, 0x01);
    write(kIer, 0x02);
    EXPECT_EQ(read(kData), 0x01u);
    EXPECT_EQ(read(kIer), 0x02u);
    write(kLcr, 0x03);
    EXPECT_EQ(read(kIer), 0x00u);
    EXPECT_EQ(uart.state().divisor, 0x0201);
    EXPECT_EQ(terminal.text, "");
}

constexpr base::Nanoseconds kSending = base::kSecond / 92'160; // a character at kQuickRate

TEST_F(UartTest, WhatIsSentArrivesAtOnceAndKeepsTheTransmitterBusy)
{
    write(kData, 'h');
    write(kData, 'i');
    EXPECT_EQ(terminal.text, "hi");
    EXPECT_EQ(read(kLsr), 0x00u);
    pass(2 * kSending - 10);
    EXPECT_EQ(read(kLsr), 0x00u);
    pass(10);
    EXPECT_EQ(read(kLsr), 0x60u);
}

TEST_F(UartTest, TransmitterIsAsSlowAsTheLineButNotSlowerThanTheQuickRate)
{
    const auto time_of_a_character = [&](unsigned divisor) {
        write(kLcr, 0x83);
        write(kData, divisor);
        write(kIer, 0);
        write(kLcr, 0x03);
        write(kData, 'x');
        base::Nanoseconds passed = 0;
        for (; read(kLsr) == 0; passed += 100) {
            pass(100);
        }
        return passed;
    };
    EXPECT_NEAR(static_cast<double>(time_of_a_character(12)), kSending, 100);
    EXPECT_NEAR(static_cast<double>(time_of_a_character(1)), kSending, 100);
}

// A guest that does not look is not told, but nothing is lost, and it need not wait for ever afterwards.
TEST_F(UartTest, WhatIsSentBlindlyIsNotLost)
{
    write(kIir, 0x01);
    for (unsigned i = 0; i < 1000; ++i) {
        write(kData, 'x');
    }
    EXPECT_EQ(terminal.text, std::string(1000, 'x'));
    pass(17 * kSending + 100);
    EXPECT_EQ(read(kLsr), 0x60u);
}

TEST_F(UartTest, TransmitInterruptComesOnEnableAndWhenAllIsSent)
{
    write(kMcr, 0x08);
    write(kIir, 0x01);
    write(kIer, 0x02);
    EXPECT_EQ(irq.count, 1);
    EXPECT_EQ(read(kIir), 0xc2u);
    EXPECT_FALSE(irq.level) << "reading IIR clears it";
    EXPECT_EQ(read(kIir), 0xc1u);
    for (unsigned i = 0; i < 16; ++i) {
        write(kData, 'a' + i);
        EXPECT_FALSE(irq.level);
        EXPECT_EQ(read(kIir), 0xc1u) << "nothing to do while the FIFO is being sent";
    }
    pass(16 * kSending - 100);
    EXPECT_EQ(irq.count, 1);
    pass(200);
    EXPECT_EQ(irq.count, 2);
    write(kData, 'q'); // without reading IIR
    EXPECT_FALSE(irq.level);
    pass(kSending + 10);
    EXPECT_EQ(irq.count, 3);
    EXPECT_EQ(read(kIir), 0xc2u);
    write(kIer, 0x02);
    EXPECT_FALSE(irq.level) << "enabling what is enabled raises nothing";
    write(kIer, 0x00);
    write(kIer, 0x02);
    EXPECT_TRUE(irq.level);
}

TEST_F(UartTest, EnablingTheTransmitInterruptWhileItSendsRaisesItLater)
{
    write(kMcr, 0x08);
    write(kData, 'a');
    write(kIer, 0x02);
    EXPECT_FALSE(irq.level);
    pass(kSending + 10);
    EXPECT_TRUE(irq.level);
}

TEST_F(UartTest, Out2GatesTheInterrupt)
{
    write(kIer, 0x02);
    EXPECT_FALSE(irq.level);
    write(kMcr, 0x08);
    EXPECT_TRUE(irq.level);
    write(kMcr, 0x00);
    EXPECT_FALSE(irq.level);
}

TEST_F(UartTest, ReceivesOneByteWithoutFifo)
{
    write(kMcr, 0x08);
    write(kIer, 0x01);
    EXPECT_EQ(send("ab"), 1u);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(read(kIir), 0x04u);
    EXPECT_EQ(read(kLsr), 0x61u);
    EXPECT_EQ(read(kData), unsigned{'a'});
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(read(kLsr), 0x60u);
}

TEST_F(UartTest, FifoInterruptsAtItsTriggerAndByTimeout)
{
    write(kMcr, 0x08);
    write(kIir, 0x81); // trigger 8
    write(kIer, 0x01);
    EXPECT_EQ(send("1234567"), 7u);
    EXPECT_FALSE(irq.level);
    pass(2 * kMillisecond); // a character takes about a millisecond at 9,600 baud
    EXPECT_FALSE(irq.level);
    pass(3 * kMillisecond);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(read(kIir), 0xccu);
    EXPECT_EQ(read(kData), unsigned{'1'});
    EXPECT_FALSE(irq.level) << "reading ends the timeout";
    EXPECT_EQ(send("89"), 2u);
    EXPECT_EQ(read(kIir), 0xc4u);
    EXPECT_EQ(receive_all(), "23456789");
    EXPECT_FALSE(irq.level);
    pass(100 * kMillisecond);
    EXPECT_FALSE(irq.level) << "no timeout of an empty FIFO";
}

TEST_F(UartTest, RefusesWhatDoesNotFitAndAsksForMore)
{
    write(kIir, 0x01);
    EXPECT_EQ(send("0123456789abcdefXY"), 16u);
    EXPECT_EQ(uart.receive_space(), 0u);
    EXPECT_EQ(send("XY"), 0u);
    EXPECT_EQ(read(kData), unsigned{'0'});
    EXPECT_EQ(terminal.asked, 0) << "not from within the guest's read";
    pass(2 * kMillisecond);
    EXPECT_EQ(terminal.asked, 1);
    EXPECT_EQ(send("XY"), 1u);
    EXPECT_EQ(receive_all(), "123456789abcdefX");
    pass(2 * kMillisecond);
    EXPECT_EQ(terminal.asked, 2);
    EXPECT_EQ(send("Y"), 1u);
    receive_all();
    pass(20 * kMillisecond);
    EXPECT_EQ(terminal.asked, 2) << "nothing was refused";
}

TEST_F(UartTest, LoopbackTransmitsToItself)
{
    write(kMcr, 0x10);
    write(kIir, 0x01);
    write(kData, 'x');
    EXPECT_EQ(terminal.text, "");
    EXPECT_EQ(send("y"), 0u) << "the line is cut";
    EXPECT_EQ(receive_all(), "x");
    for (unsigned i = 0; i < 17; ++i) {
        write(kData, 'a' + i);
    }
    EXPECT_EQ(read(kLsr), 0x63u) << "overrun";
    EXPECT_EQ(receive_all(), "abcdefghijklmnop");
    write(kMcr, 0x00);
    pass(2 * kMillisecond);
    EXPECT_EQ(terminal.asked, 1);
}

TEST_F(UartTest, LoopbackTurnsModemOutputsIntoInputs)
{
    write(kMcr, 0x1a);
    EXPECT_EQ(read(kMsr) & 0xf0u, 0x90u) << "as Linux checks for a UART";
    write(kMcr, 0x15);
    EXPECT_EQ(read(kMsr) & 0xf0u, 0x60u);
}

TEST_F(UartTest, ModemChangesInterrupt)
{
    write(kMcr, 0x08);
    write(kIer, 0x08);
    EXPECT_FALSE(irq.level);
    uart.set_modem_lines(msr::kDsr);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(read(kIir), 0x00u);
    EXPECT_EQ(read(kMsr), 0x29u);
    EXPECT_FALSE(irq.level);
    uart.set_modem_lines(msr::kDsr | msr::kRing);
    EXPECT_FALSE(irq.level) << "only the end of a ring counts";
    uart.set_modem_lines(msr::kDsr);
    EXPECT_EQ(read(kMsr), 0x24u);
}

TEST_F(UartTest, BreakIsALineStatusInterruptAtItsCharacter)
{
    write(kMcr, 0x08);
    write(kIir, 0x01);
    write(kIer, 0x05);
    send("a");
    EXPECT_TRUE(uart.receive_break());
    EXPECT_EQ(read(kLsr), 0xe1u) << "an error lies in the FIFO, but not at its front";
    EXPECT_EQ(read(kData), unsigned{'a'});
    EXPECT_EQ(read(kIir), 0xc6u);
    EXPECT_EQ(read(kLsr), 0xf1u);
    EXPECT_EQ(read(kIir), 0xc4u);
    EXPECT_EQ(read(kData), 0u);
    EXPECT_EQ(read(kLsr), 0x60u);
}

TEST_F(UartTest, PriorityIsReceiveThenTransmitThenModem)
{
    write(kMcr, 0x08);
    write(kIer, 0x0f);
    uart.set_modem_lines(0);
    send("a");
    EXPECT_EQ(read(kIir), 0x04u);
    EXPECT_EQ(read(kIir), 0x04u) << "reading IIR clears only the transmitter's";
    read(kData);
    EXPECT_EQ(read(kIir), 0x02u);
    EXPECT_EQ(read(kIir), 0x00u);
    read(kMsr);
    EXPECT_EQ(read(kIir), 0x01u);
    EXPECT_FALSE(irq.level);
}

TEST_F(UartTest, FifoControl)
{
    write(kIir, 0x01);
    send("abc");
    write(kIir, 0x03);
    EXPECT_EQ(read(kLsr), 0x60u) << "receiver reset";
    send("abc");
    write(kIir, 0x00);
    EXPECT_EQ(read(kLsr), 0x60u) << "turning the FIFOs off empties them";
    write(kIir, 0xc0);
    EXPECT_EQ(uart.state().fcr, 0) << "nothing is programmed without bit 0";
}

TEST_F(UartTest, StateRoundTrip)
{
    write(kMcr, 0x08);
    write(kIer, 0x01);
    write(kIir, 0x01);
    send("abc");
    write(kIer, 0x03);
    read(kIir);
    write(kData, 'x');
    Edges other;
    Uart16550 copy{clock, timers, bus::IrqLine{other, 4}, terminal};
    copy.load(uart.state());
    EXPECT_EQ(other.count, 0);
    EXPECT_EQ(copy.read(kData, Width::Byte).value, unsigned{'a'});
    EXPECT_EQ(copy.receive_space(), 14u);
    EXPECT_EQ(copy.read(kLsr, Width::Byte).value, 0x01u) << "it still sends";
    copy.read(kData, Width::Byte);
    copy.read(kData, Width::Byte);
    EXPECT_EQ(other.count, 0);
    pass(kSending + 10);
    EXPECT_EQ(other.count, 1);
    copy.reset();
    EXPECT_EQ(copy.read(kLsr, Width::Byte).value, 0x60u);
}

} // namespace
} // namespace windsor::devices::uart
