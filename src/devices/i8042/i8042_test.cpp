// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/i8042_harness.hpp"

namespace windsor::devices::i8042 {
namespace {

TEST_F(I8042Test, SelfTestAndInterfaceTests)
{
    EXPECT_EQ(status(), 0x10u);
    command(0xaa);
    EXPECT_EQ(status(), 0x1du) << "output full, system flag, last write was a command";
    EXPECT_EQ(drain(), (Bytes{0x55}));
    command(0xab);
    EXPECT_EQ(drain(), (Bytes{0x00}));
    command(0xa9);
    EXPECT_EQ(drain(), (Bytes{0x00}));
    command(0xa4);
    EXPECT_EQ(drain(), (Bytes{0xf1}));
}

TEST_F(I8042Test, CommandByteAndRam)
{
    command(0x20);
    EXPECT_EQ(drain(), (Bytes{0x03}));
    set_command_byte(0x65);
    command(0x20);
    EXPECT_EQ(drain(), (Bytes{0x65}));
    EXPECT_EQ(status() & 0x0cu, 0x0cu);
    command(0x61, 0x77);
    EXPECT_EQ(status() & 0x08u, 0x00u) << "the last write was data";
    command(0x21);
    EXPECT_EQ(drain(), (Bytes{0x77}));
}

TEST_F(I8042Test, DisableAndEnableShowInTheCommandByte)
{
    command(0xad);
    command(0xa7);
    command(0x20);
    EXPECT_EQ(drain(), (Bytes{0x33}));
    tap(0x1e);
    EXPECT_EQ(drain(), Bytes{}) << "the keyboard's clock is held";
    command(0xae);
    EXPECT_EQ(drain(), (Bytes{0x1c, 0xf0, 0x1c})) << "and its keys were kept";
    command(0xa8);
    command(0x20);
    EXPECT_EQ(drain(), (Bytes{0x03}));
}

TEST_F(I8042Test, InterruptsFollowTheOutputBuffer)
{
    controller.key(0x1e, true);
    EXPECT_TRUE(irq1.level);
    read();
    EXPECT_FALSE(irq1.level);
    set_command_byte(0x40); // both interrupts off
    controller.key(0x1e, false);
    EXPECT_EQ(status() & 0x01u, 0x00u) << "the next byte takes its time";
    pass();
    EXPECT_EQ(status() & 0x01u, 0x01u);
    EXPECT_FALSE(irq1.level);
    set_command_byte(0x41);
    EXPECT_TRUE(irq1.level);
    EXPECT_EQ(irq12.count, 0);
}

TEST_F(I8042Test, EachByteMakesAnEdge)
{
    controller.key(0xe048, true);
    EXPECT_EQ(irq1.count, 1);
    EXPECT_EQ(read(), 0xe0u);
    EXPECT_EQ(read(), 0xe0u) << "reading twice gives the same byte twice";
    pass();
    EXPECT_EQ(irq1.count, 2);
    EXPECT_EQ(read(), 0x75u);
    pass();
    EXPECT_EQ(irq1.count, 2);
}

TEST_F(I8042Test, ControllerRepliesDoNotWaitForTheGap)
{
    controller.key(0x1e, true);
    read();
    command(0x20);
    EXPECT_EQ(status() & 0x01u, 0x01u);
    EXPECT_EQ(read(), 0x03u);
}

TEST_F(I8042Test, WriteToOutputBuffers)
{
    command(0xd2, 0x42);
    EXPECT_TRUE(irq1.level);
    EXPECT_EQ(drain(), (Bytes{0x42}));
    command(0xd3, 0x5a); // Linux' test of the aux loop
    EXPECT_TRUE(irq12.level);
    EXPECT_EQ(status() & 0x21u, 0x21u);
    EXPECT_EQ(drain(), (Bytes{0x15a}));
}

TEST_F(I8042Test, OutputPortAndA20)
{
    command(0xd0);
    EXPECT_EQ(drain(), (Bytes{0xcf}));
    command(0xd1, 0xdd);
    EXPECT_FALSE(a20.enabled());
    EXPECT_EQ(port92.read(0, bus::Width::Byte).value, 0x00u);
    command(0xd1, 0xdf);
    EXPECT_TRUE(a20.enabled());
    command(0xdd);
    EXPECT_FALSE(a20.enabled());
    command(0xdf);
    EXPECT_TRUE(a20.enabled());
    EXPECT_EQ(resets, 0);
    command(0xd1, 0xfe);
    EXPECT_EQ(resets, 1);
}

TEST_F(I8042Test, PulseResets)
{
    command(0xf1);
    command(0xff);
    EXPECT_EQ(resets, 0);
    command(0xfe);
    EXPECT_EQ(resets, 1);
}

TEST_F(I8042Test, Port92)
{
    port92.write(0, bus::Width::Byte, 0x00);
    EXPECT_FALSE(a20.enabled());
    command(0xd0);
    EXPECT_EQ(drain(), (Bytes{0xcd}));
    port92.write(0, bus::Width::Byte, 0x02);
    EXPECT_TRUE(a20.enabled());
    EXPECT_EQ(port92.read(0, bus::Width::Byte).value, 0x02u);
    EXPECT_EQ(resets, 0);
    port92.write(0, bus::Width::Byte, 0x03);
    port92.write(0, bus::Width::Byte, 0x03);
    EXPECT_EQ(resets, 1) << "only the rise resets";
}

TEST_F(I8042Test, TranslationMakesSetOne)
{
    set_command_byte(0x43);
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1e, 0x9e}));
    tap(0xe048);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x48, 0xe0, 0xc8}));
    tap(0x41); // F7, whose set 2 code lies above the table
    EXPECT_EQ(drain(), (Bytes{0x41, 0xc1}));
    tap(kPause);
    EXPECT_EQ(drain(), (Bytes{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}));
    tap(kPrintScreen);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa}));
    EXPECT_EQ(keyboard(0xf2), (Bytes{0xfa, 0xab, 0x41}));
    EXPECT_EQ(keyboard(0xff), (Bytes{0xfa, 0xaa}));
}

TEST_F(I8042Test, EveryKeyTranslatesBackToItself)
{
    set_command_byte(0x43);
    for (unsigned code = 1; code < 0x80; ++code) {
        if (!is_key(static_cast<backend::KeyCode>(code))) {
            continue;
        }
        tap(static_cast<backend::KeyCode>(code));
        EXPECT_EQ(drain(), (Bytes{code, code | 0x80}));
        if (code != 0x37) {
            tap(static_cast<backend::KeyCode>(0xe000 | code));
            EXPECT_EQ(drain(), (Bytes{0xe0, code, 0xe0, code | 0x80}));
        }
    }
}

TEST_F(I8042Test, WritingToTheKeyboardTurnsItsClockOn)
{
    command(0xad);
    EXPECT_EQ(keyboard(0xee), (Bytes{0xee}));
    command(0xa7);
    EXPECT_EQ(mouse(0xf2), (Bytes{0xfa, 0x00}));
}

TEST_F(I8042Test, CommandCancelsAnAwaitedParameter)
{
    command(0xd1);
    command(0xaa);
    EXPECT_EQ(drain(), (Bytes{0x55}));
    EXPECT_EQ(keyboard(0xee), (Bytes{0xee}));
    EXPECT_TRUE(a20.enabled());
}

TEST_F(I8042Test, ResetOpensA20AndForgetsAll)
{
    set_command_byte(0x70);
    command(0xdd);
    tap(0x1e);
    controller.reset();
    EXPECT_TRUE(a20.enabled());
    EXPECT_EQ(status(), 0x10u);
    EXPECT_EQ(drain(), Bytes{});
    command(0x20);
    EXPECT_EQ(drain(), (Bytes{0x03}));
}

TEST_F(I8042Test, WideAccessesAreLeftToTheBus)
{
    EXPECT_EQ(controller.data_port().read(0, bus::Width::Word).status, bus::AccessStatus::BadWidth);
    EXPECT_EQ(port92.write(0, bus::Width::Word, 0), bus::AccessStatus::BadWidth);
}

TEST_F(I8042Test, StateRoundTrip)
{
    set_command_byte(0x43);
    controller.key(0x1e, true);
    controller.key(0x1e, false);
    LineProbe other;
    I8042 copy{clock, timers, a20, {.irq1 = bus::IrqLine{other, 1}}};
    copy.load(controller.state());
    EXPECT_EQ(other.count, 0);
    EXPECT_EQ(copy.data_port().read(0, bus::Width::Byte).value, 0x1eu);
    pass();
    EXPECT_EQ(other.count, 1);
    EXPECT_EQ(copy.data_port().read(0, bus::Width::Byte).value, 0x9eu);
}

} // namespace
} // namespace windsor::devices::i8042
