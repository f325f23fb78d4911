// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/i8042_harness.hpp"

#include <algorithm>

namespace windsor::devices::i8042 {
namespace {

constexpr base::Nanoseconds kInterval = base::kSecond / 100; // between packets, at the rate that a mouse begins with

class Ps2MouseTest : public I8042Test {
protected:
    void enable() { EXPECT_EQ(mouse(0xf4), (Bytes{0xfa})); }
    void set_rate(unsigned rate)
    {
        EXPECT_EQ(mouse(0xf3), (Bytes{0xfa}));
        EXPECT_EQ(mouse(rate), (Bytes{0xfa}));
    }
    void knock(unsigned first, unsigned second, unsigned third)
    {
        set_rate(first);
        set_rate(second);
        set_rate(third);
    }
    Bytes packets()
    {
        Bytes bytes;
        for (Bytes one = drain(); !one.empty(); one = drain()) {
            for (const unsigned byte : one) {
                EXPECT_GE(byte, 0x100u) << "from the mouse";
                bytes.push_back(byte & 0xff);
            }
            pass(kInterval);
        }
        return bytes;
    }
};

TEST_F(Ps2MouseTest, ResetAndIdentify)
{
    EXPECT_EQ(mouse(0xff), (Bytes{0xfa, 0xaa, 0x00}));
    EXPECT_EQ(mouse(0xf2), (Bytes{0xfa, 0x00}));
    EXPECT_EQ(mouse(0xe9), (Bytes{0xfa, 0x00, 0x02, 0x64}));
    EXPECT_EQ(mouse(0x55), (Bytes{0xfe}));
}

TEST_F(Ps2MouseTest, SilentUntilEnabled)
{
    controller.move(5, 5, 0, 1);
    EXPECT_EQ(drain(), Bytes{});
    enable();
    EXPECT_EQ(drain(), Bytes{}) << "what was before is forgotten";
    controller.move(1, 2, 0, 0);
    EXPECT_TRUE(irq12.level);
    EXPECT_FALSE(irq1.level);
    EXPECT_EQ(packets(), (Bytes{0x28, 0x01, 0xfe})) << "the mouse's y grows upwards";
    EXPECT_EQ(mouse(0xf5), (Bytes{0xfa}));
    controller.move(1, 2, 0, 0);
    EXPECT_EQ(drain(), Bytes{});
}

TEST_F(Ps2MouseTest, PacketsOfThreeBytes)
{
    enable();
    controller.move(-3, -4, 1, 0x05);
    EXPECT_EQ(packets(), (Bytes{0x1d, 0xfd, 0x04}));
    controller.move(0, 0, 0, 0x02);
    EXPECT_EQ(packets(), (Bytes{0x0a, 0x00, 0x00}));
    controller.move(0, 0, 0, 0x02);
    EXPECT_EQ(packets(), Bytes{}) << "nothing has happened";
}

TEST_F(Ps2MouseTest, LongMovementsTakeSeveralPackets)
{
    enable();
    controller.move(600, 0, 0, 0);
    EXPECT_EQ(packets(), (Bytes{0x08, 0xff, 0x00, 0x08, 0xff, 0x00, 0x08, 0x5a, 0x00}));
    controller.move(-300, 0, 0, 0);
    EXPECT_EQ(packets(), (Bytes{0x18, 0x01, 0x00, 0x18, 0xd3, 0x00}));
}

TEST_F(Ps2MouseTest, WheelKnock)
{
    knock(200, 100, 80);
    EXPECT_EQ(mouse(0xf2), (Bytes{0xfa, 0x03}));
    enable();
    controller.move(0, 0, 1, 0);
    EXPECT_EQ(packets(), (Bytes{0x08, 0x00, 0x00, 0x01}));
    controller.move(0, 0, -2, 0);
    EXPECT_EQ(packets(), (Bytes{0x08, 0x00, 0x00, 0xfe}));
    EXPECT_EQ(mouse(0xff), (Bytes{0xfa, 0xaa, 0x00}));
    EXPECT_EQ(mouse(0xf2), (Bytes{0xfa, 0x00})) << "reset makes it a standard mouse again";
}

TEST_F(Ps2MouseTest, FiveButtonKnock)
{
    knock(200, 100, 80);
    knock(200, 200, 80);
    EXPECT_EQ(mouse(0xf2), (Bytes{0xfa, 0x04}));
    enable();
    controller.move(0, 0, -1, 0x11);
    EXPECT_EQ(packets(), (Bytes{0x09, 0x00, 0x00, 0x2f}));
    controller.move(0, 0, 9, 0x08);
    EXPECT_EQ(packets(), (Bytes{0x08, 0x00, 0x00, 0x17, 0x08, 0x00, 0x00, 0x12}));
}

TEST_F(Ps2MouseTest, ClicksAreNotLostWhenTheGuestIsSlow)
{
    enable();
    for (int i = 0; i < 3; ++i) {
        controller.move(1, 0, 0, 1);
        controller.move(1, 0, 0, 1);
        controller.move(0, 0, 0, 0);
    }
    EXPECT_EQ(packets(), (Bytes{0x09, 1, 0, 0x09, 1, 0, 0x08, 0, 0, 0x09, 2, 0, 0x08, 0, 0, 0x09, 2, 0, 0x08, 0, 0}));
}

TEST_F(Ps2MouseTest, EndlessEventsEndInTheRightState)
{
    enable();
    for (int i = 0; i < 10'000; ++i) {
        controller.move(1'000'000, -1'000'000, 1, static_cast<std::uint8_t>(i & 7));
    }
    controller.move(0, 0, 0, 4);
    const Bytes bytes = packets();
    ASSERT_GE(bytes.size(), 3u);
    EXPECT_EQ(bytes.size() % 3, 0u);
    EXPECT_EQ(bytes[bytes.size() - 3] & 7, 4u);
}

TEST_F(Ps2MouseTest, ScalingOfStreamMode)
{
    enable();
    EXPECT_EQ(mouse(0xe7), (Bytes{0xfa}));
    controller.move(3, 4, 0, 0);
    EXPECT_EQ(packets(), (Bytes{0x28, 0x03, 0xfa}));
    controller.move(100, 0, 0, 0);
    EXPECT_EQ(packets(), (Bytes{0x08, 0xc8, 0x00}));
    EXPECT_EQ(mouse(0xe9), (Bytes{0xfa, 0x30, 0x02, 0x64}));
    EXPECT_EQ(mouse(0xe6), (Bytes{0xfa}));
    controller.move(3, 0, 0, 0);
    EXPECT_EQ(packets(), (Bytes{0x08, 0x03, 0x00}));
}

TEST_F(Ps2MouseTest, RemoteModeAnswersOnlyWhenAsked)
{
    EXPECT_EQ(mouse(0xf0), (Bytes{0xfa}));
    controller.move(7, 0, 0, 1);
    EXPECT_EQ(drain(), Bytes{});
    EXPECT_EQ(mouse(0xeb), (Bytes{0xfa, 0x09, 0x07, 0x00}));
    EXPECT_EQ(mouse(0xeb), (Bytes{0xfa, 0x09, 0x00, 0x00}));
    EXPECT_EQ(mouse(0xe9), (Bytes{0xfa, 0x44, 0x02, 0x64}));
    EXPECT_EQ(mouse(0xea), (Bytes{0xfa}));
}

TEST_F(Ps2MouseTest, WrapModeEchoes)
{
    EXPECT_EQ(mouse(0xee), (Bytes{0xfa}));
    EXPECT_EQ(mouse(0xf2), (Bytes{0xf2}));
    EXPECT_EQ(mouse(0x42), (Bytes{0x42}));
    EXPECT_EQ(mouse(0xec), (Bytes{0xfa}));
    EXPECT_EQ(mouse(0xf2), (Bytes{0xfa, 0x00}));
    mouse(0xee);
    EXPECT_EQ(mouse(0xff), (Bytes{0xfa, 0xaa, 0x00}));
}

TEST_F(Ps2MouseTest, ResolutionRateAndDefaults)
{
    EXPECT_EQ(mouse(0xe8), (Bytes{0xfa}));
    EXPECT_EQ(mouse(0x03), (Bytes{0xfa}));
    set_rate(40);
    EXPECT_EQ(mouse(0xe9), (Bytes{0xfa, 0x00, 0x03, 0x28}));
    EXPECT_EQ(mouse(0xf6), (Bytes{0xfa}));
    EXPECT_EQ(mouse(0xe9), (Bytes{0xfa, 0x00, 0x02, 0x64}));
}

TEST_F(Ps2MouseTest, KeyboardGoesFirst)
{
    enable();
    controller.move(1, 0, 0, 0); // in the output buffer already
    controller.move(1, 0, 0, 0);
    controller.key(0x1e, true);
    EXPECT_EQ(drain(), (Bytes{0x108, 0x1c, 0x101, 0x100}));
    pass(kInterval);
    EXPECT_EQ(drain(), (Bytes{0x108, 0x101, 0x100}));
}

TEST_F(Ps2MouseTest, PacketsBeginASampleIntervalApartAndMovementAddsUp)
{
    enable();
    controller.move(1, 0, 0, 0);
    controller.move(300, 0, 0, 0);
    controller.move(4, 0, 0, 0);
    EXPECT_EQ(drain(), (Bytes{0x108, 0x101, 0x100})) << "what was first, at once";
    pass(kInterval - 4 * base::kMillisecond);
    EXPECT_EQ(drain(), Bytes{});
    pass(base::kMillisecond);
    EXPECT_EQ(drain(), (Bytes{0x108, 0x1ff, 0x100}));
    controller.move(-9, 0, 0, 0);
    EXPECT_EQ(drain(), Bytes{}) << "the rest waits, too";
    pass(kInterval);
    EXPECT_EQ(drain(), (Bytes{0x108, 304 - 255 - 9 + 0x100, 0x100}));
}

TEST_F(Ps2MouseTest, TheGuestSetsTheInterval)
{
    for (const unsigned rate : {10u, 20u, 200u, 0u, 255u}) {
        const unsigned real = std::clamp(rate, 10u, 200u);
        mouse(0xff);
        set_rate(rate);
        enable();
        controller.move(1, 0, 0, 0);
        controller.move(1, 0, 0, 0);
        const base::Nanoseconds begin = clock.now();
        EXPECT_EQ(drain().size(), 3u);
        while (drain().empty() && clock.now() < begin + base::kSecond) {
            pass();
        }
        EXPECT_GE(clock.now() - begin, base::kSecond / real) << rate;
        EXPECT_LE(clock.now() - begin, base::kSecond / real + 6 * base::kMillisecond) << rate;
        pass(base::kSecond);
    }
}

} // namespace
} // namespace windsor::devices::i8042
