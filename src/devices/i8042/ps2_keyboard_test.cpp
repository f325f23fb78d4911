// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/i8042_harness.hpp"

#include <set>

namespace windsor::devices::i8042 {
namespace {

class Ps2KeyboardTest : public I8042Test {
protected:
    void choose_set(unsigned set)
    {
        EXPECT_EQ(keyboard(0xf0), (Bytes{0xfa}));
        EXPECT_EQ(keyboard(set), (Bytes{0xfa}));
    }
};

TEST_F(Ps2KeyboardTest, Commands)
{
    EXPECT_EQ(keyboard(0xff), (Bytes{0xfa, 0xaa}));
    EXPECT_EQ(keyboard(0xee), (Bytes{0xee}));
    EXPECT_EQ(keyboard(0xf2), (Bytes{0xfa, 0xab, 0x83}));
    EXPECT_EQ(keyboard(0xed), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0x05), (Bytes{0xfa}));
    EXPECT_EQ(controller.leds(), 0x05);
    EXPECT_EQ(keyboard(0xf3), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0x20), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0xf6), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0xef), (Bytes{0xfe})) << "no such command";
    EXPECT_EQ(keyboard(0x00), (Bytes{0xfe}));
}

TEST_F(Ps2KeyboardTest, CommandInPlaceOfAParameter)
{
    EXPECT_EQ(keyboard(0xed), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0xf2), (Bytes{0xfa, 0xab, 0x83}));
    EXPECT_EQ(keyboard(0x02), (Bytes{0xfe}));
}

TEST_F(Ps2KeyboardTest, ResendRepeatsTheLastByte)
{
    keyboard(0xf2);
    EXPECT_EQ(keyboard(0xfe), (Bytes{0x83}));
    EXPECT_EQ(keyboard(0xfe), (Bytes{0x83}));
}

TEST_F(Ps2KeyboardTest, ReportsItsScanCodeSet)
{
    for (const unsigned set : {1u, 2u, 3u}) {
        choose_set(set);
        EXPECT_EQ(keyboard(0xf0), (Bytes{0xfa}));
        EXPECT_EQ(keyboard(0x00), (Bytes{0xfa, set}));
    }
    EXPECT_EQ(keyboard(0xf0), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0x04), (Bytes{0xfe}));
    keyboard(0xf6);
    EXPECT_EQ(controller.state().keyboard.scan_set, 2);
}

TEST_F(Ps2KeyboardTest, SetTwo)
{
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1c, 0xf0, 0x1c}));
    tap(0xe01d);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x14, 0xe0, 0xf0, 0x14}));
    tap(kPause);
    EXPECT_EQ(drain(), (Bytes{0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77}));
    tap(kPrintScreen);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12}));
    tap(0x58);
    EXPECT_EQ(drain(), (Bytes{0x07, 0xf0, 0x07})) << "F12";
}

TEST_F(Ps2KeyboardTest, SetOne)
{
    choose_set(1);
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1e, 0x9e}));
    tap(0xe053);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x53, 0xe0, 0xd3}));
    tap(kPause);
    EXPECT_EQ(drain(), (Bytes{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}));
}

TEST_F(Ps2KeyboardTest, SetThreeSendsReleasesAsTold)
{
    choose_set(3);
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1c}));
    tap(0x2a);
    EXPECT_EQ(drain(), (Bytes{0x12, 0xf0, 0x12})) << "Shift";
    tap(0xe048);
    EXPECT_EQ(drain(), (Bytes{0x63}));
    tap(kPause);
    EXPECT_EQ(drain(), (Bytes{0x62}));
    EXPECT_EQ(keyboard(0xfa), (Bytes{0xfa})); // as Linux does
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1c, 0xf0, 0x1c}));
    EXPECT_EQ(keyboard(0xfd), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0x1c), (Bytes{0xfa}));
    EXPECT_EQ(keyboard(0xf4), (Bytes{0xfa}));
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1c}));
}

TEST_F(Ps2KeyboardTest, SetThreeCodesAreUnique)
{
    std::set<unsigned> seen;
    for (unsigned code = 1; code < 0x80; ++code) {
        for (const unsigned prefix : {0u, 0xe000u}) {
            const unsigned single = set3_code(static_cast<backend::KeyCode>(prefix | code));
            if (single != 0 && single != 0x57) { // SysRq and Print Screen are one key
                EXPECT_TRUE(seen.insert(single).second) << std::hex << (prefix | code);
            }
        }
    }
    EXPECT_GE(seen.size(), 100u);
}

TEST_F(Ps2KeyboardTest, ModifiersChangePrintScreenAndPause)
{
    controller.key(0x38, true);
    drain();
    controller.key(kPrintScreen, true);
    EXPECT_EQ(drain(), (Bytes{0x84})) << "SysRq";
    controller.key(0x38, false);
    drain();
    controller.key(kPrintScreen, false);
    EXPECT_EQ(drain(), (Bytes{0xf0, 0x84})) << "released as it was pressed";
    controller.key(0xe01d, true);
    drain();
    tap(kPrintScreen);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x7c, 0xe0, 0xf0, 0x7c}));
    tap(kPause);
    EXPECT_EQ(drain(), (Bytes{0xe0, 0x7e, 0xe0, 0xf0, 0x7e})) << "Break";
}

TEST_F(Ps2KeyboardTest, ScanningOffDropsKeys)
{
    EXPECT_EQ(keyboard(0xf5), (Bytes{0xfa}));
    tap(0x1e);
    EXPECT_EQ(drain(), Bytes{});
    EXPECT_EQ(keyboard(0xf4), (Bytes{0xfa}));
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1c, 0xf0, 0x1c}));
}

TEST_F(Ps2KeyboardTest, RepliesOvertakeKeys)
{
    command(0xad);
    tap(0x1e);
    write(0xed);
    EXPECT_EQ(drain(), (Bytes{0xfa, 0x1c, 0xf0, 0x1c}));
}

TEST_F(Ps2KeyboardTest, UnknownKeysAndLoneReleasesSendNothing)
{
    controller.key(0x1e, false);
    controller.key(0x0000, true);
    controller.key(0xe11c, true);
    controller.key(0x1234, true);
    controller.key(0x00ff, true);
    EXPECT_EQ(drain(), Bytes{});
}

TEST_F(Ps2KeyboardTest, RepeatsSendMoreMakes)
{
    controller.key(0x1e, true);
    controller.key(0x1e, true);
    controller.key(0x1e, false);
    EXPECT_EQ(drain(), (Bytes{0x1c, 0x1c, 0xf0, 0x1c}));
}

TEST_F(Ps2KeyboardTest, ALongTextIsNotLost)
{
    set_command_byte(0x43);
    for (unsigned i = 0; i < 300; ++i) {
        tap(static_cast<backend::KeyCode>(0x10 + i % 10));
    }
    const Bytes bytes = drain();
    ASSERT_EQ(bytes.size(), 600u);
    for (unsigned i = 0; i < 300; ++i) {
        EXPECT_EQ(bytes[2 * i], 0x10 + i % 10);
        EXPECT_EQ(bytes[2 * i + 1], 0x90 + i % 10);
    }
}

TEST_F(Ps2KeyboardTest, OverflowDropsWholeKeysAndKeepsTheBalance)
{
    set_command_byte(0x43);
    const std::vector<backend::KeyCode> held{0x1d, 0x38, 0xe01d, 0xe038, 0x2a, 0x36};
    for (const backend::KeyCode code : held) {
        controller.key(code, true);
    }
    for (unsigned i = 0; i < 2000; ++i) {
        tap(static_cast<backend::KeyCode>(0xe047 + i % 3));
        tap(static_cast<backend::KeyCode>(0x02 + i % 9));
    }
    for (const backend::KeyCode code : held) {
        controller.key(code, false);
    }
    std::multiset<unsigned> down;
    unsigned prefix = 0;
    std::size_t presses = 0;
    for (const unsigned byte : drain()) {
        if (byte == 0xe0) {
            prefix = 0xe000;
            continue;
        }
        const unsigned code = prefix | (byte & 0x7f);
        prefix = 0;
        if ((byte & 0x80) == 0) {
            down.insert(code);
            ++presses;
        } else {
            EXPECT_EQ(down.erase(code), 1u) << std::hex << code;
        }
    }
    EXPECT_TRUE(down.empty());
    EXPECT_GT(presses, 150u);
    tap(0x1e);
    EXPECT_EQ(drain(), (Bytes{0x1e, 0x9e})) << "and it goes on";
}

TEST_F(Ps2KeyboardTest, ManyUnreadRepliesDoNoHarm)
{
    for (unsigned i = 0; i < 1000; ++i) {
        write(0xf2);
    }
    EXPECT_LE(drain().size(), 20u);
    EXPECT_EQ(keyboard(0xee), (Bytes{0xee}));
}

} // namespace
} // namespace windsor::devices::i8042
