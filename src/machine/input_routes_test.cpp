// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/input_routes.hpp"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace windsor::machine {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct OneKeyboard final : backend::Keyboard {
    void key(backend::KeyCode code, bool pressed) override { keys.emplace_back(code, pressed); }
    bool in_use() const override { return used; }

    std::vector<std::pair<backend::KeyCode, bool>> keys;
    bool used{true};
};

struct OneMouse final : backend::Pointer {
    void move(int dx, int /*dy*/, int /*wheel*/, std::uint8_t buttons) override { moves.emplace_back(dx, buttons); }
    bool in_use() const override { return used; }

    std::vector<std::pair<int, std::uint8_t>> moves;
    bool used{true};
};

struct OneTablet final : backend::AbsolutePointer {
    void move_to(unsigned x, unsigned y, int /*wheel*/, std::uint8_t /*buttons*/) override { at = {x, y}; }
    bool in_use() const override { return used; }

    std::pair<unsigned, unsigned> at{};
    bool used{false};
};

class InputRoutesTest : public ::testing::Test {
protected:
    InputRoutesTest()
    {
        outlets_.keyboards = {&ps2_, &usb_};
        outlets_.pointers = {&ps2_mouse_, &usb_mouse_};
        outlets_.absolute_pointers = {&tablet_};
        usb_.used = usb_mouse_.used = false;
    }

    chipset::Outlets outlets_;
    OneKeyboard ps2_, usb_;
    OneMouse ps2_mouse_, usb_mouse_;
    OneTablet tablet_;
    InputRoutes routes_{outlets_};
    bus::MachineLock lock_;
    bus::MachineGuard guard_{lock_};
};

TEST_F(InputRoutesTest, KeysGoToTheKeyboardThatTheGuestUses)
{
    routes_.keyboard.key(1, true);
    routes_.keyboard.key(1, false);
    usb_.used = true;
    routes_.keyboard.key(2, true);
    EXPECT_THAT(ps2_.keys, ElementsAre(std::pair{1, true}, std::pair{1, false}));
    EXPECT_THAT(usb_.keys, ElementsAre(std::pair{2, true}));
}

TEST_F(InputRoutesTest, AKeyIsReleasedWhereItWasPressed)
{
    routes_.keyboard.key(1, true);
    usb_.used = true;
    routes_.keyboard.key(1, false);
    EXPECT_THAT(ps2_.keys, ElementsAre(std::pair{1, true}, std::pair{1, false}));
    EXPECT_THAT(usb_.keys, IsEmpty());
    routes_.keyboard.key(1, true);
    EXPECT_THAT(usb_.keys, ElementsAre(std::pair{1, true}));
}

TEST_F(InputRoutesTest, AMouseThatIsNoMoreUsedLetsItsButtonsGo)
{
    routes_.mouse.move(1, 0, 0, 1);
    usb_mouse_.used = true;
    routes_.mouse.move(2, 0, 0, 1);
    EXPECT_THAT(ps2_mouse_.moves, ElementsAre(std::pair{1, 1}, std::pair{0, 0}));
    EXPECT_THAT(usb_mouse_.moves, ElementsAre(std::pair{2, 1}));
}

TEST_F(InputRoutesTest, ATabletIsUsedIfOneOfThemIs)
{
    EXPECT_FALSE(routes_.tablet.in_use());
    routes_.tablet.move_to(1, 2, 0, 0);
    EXPECT_EQ(tablet_.at, (std::pair{0U, 0U}));
    tablet_.used = true;
    EXPECT_TRUE(routes_.tablet.in_use());
    routes_.tablet.move_to(1, 2, 0, 0);
    EXPECT_EQ(tablet_.at, (std::pair{1U, 2U}));
}

// Whatever a guest makes of positions, it comes to the pixel that was meant.
TEST(Positions, LeadToTheirPixelsInEveryGuest)
{
    for (const unsigned pixels : {2U, 320U, 640U, 720U, 800U, 1024U, 1366U, 1920U, 4096U}) {
        for (unsigned pixel = 0; pixel < pixels; ++pixel) {
            const std::uint64_t position = backend::position_of_pixel(pixel, pixels);
            ASSERT_LE(position, backend::kFarthestPosition);
            ASSERT_EQ(position * pixels / 32'768, pixel) << pixels << ": equal shares, as libinput has it";
            ASSERT_EQ((position * 65'535 / 32'767) * pixels / 65'536, pixel)
                << pixels << ": the same by Windows' units";
            ASSERT_EQ((position * (pixels - 1) + 16'383) / 32'767, pixel) << pixels << ": from the first to the last";
        }
    }
    EXPECT_EQ(backend::position_of_pixel(9999, 800), backend::position_of_pixel(799, 800));
    EXPECT_LE(backend::position_of_pixel(0, 1), backend::kFarthestPosition);
    EXPECT_LE(backend::position_of_pixel(0, 0), backend::kFarthestPosition);
}

} // namespace

} // namespace windsor::machine
