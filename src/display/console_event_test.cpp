// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/console_event.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace windsor::display {
namespace {

using Kind = ConsoleEvent::Kind;

std::optional<ConsoleEvent> read(const ConsoleEvent& event)
{
    return read_event(std::as_bytes(std::span{&event, 1}));
}

ConsoleEvent key(std::uint32_t code, std::uint32_t pressed)
{
    return {.kind = static_cast<std::uint32_t>(Kind::Key), .number = code, .buttons = pressed};
}

TEST(ConsoleEventTest, OnlyWholeEventsOfAKnownKindAreRead)
{
    EXPECT_TRUE(read({.kind = static_cast<std::uint32_t>(Kind::Started)}));
    for (const std::uint32_t kind : {0U, 8U, 0x100U, 0xffff'ffffU}) {
        EXPECT_FALSE(read({.kind = kind}));
    }
    const std::array<std::byte, sizeof(ConsoleEvent) + 1> bytes{std::byte{1}};
    EXPECT_FALSE(read_event(bytes));
    EXPECT_FALSE(read_event(std::span{bytes}.first(sizeof(ConsoleEvent) - 1)));
    EXPECT_FALSE(read_event({}));
}

TEST(ConsoleEventTest, OnlyKeysThatAKeyboardHas)
{
    for (const std::uint32_t code : {0x01U, 0x7fU, 0xe01cU, 0xe07fU, 0xe11dU}) {
        EXPECT_TRUE(read(key(code, 1))) << code;
    }
    for (const std::uint32_t code :
         {0x00U, 0x80U, 0xffU, 0xe000U, 0xe080U, 0xe11cU, 0xe19dU, 0x1'0001U, 0xffff'ffffU}) {
        EXPECT_FALSE(read(key(code, 1))) << code;
    }
    EXPECT_FALSE(read(key(0x1e, 2)));
}

TEST(ConsoleEventTest, MotionAndWheelStayWithinTheirLimits)
{
    const auto event = read({.kind = static_cast<std::uint32_t>(Kind::Pointer),
                             .dx = std::numeric_limits<std::int32_t>::min(),
                             .dy = std::numeric_limits<std::int32_t>::max(),
                             .wheel = 1'000'000,
                             .buttons = 7});
    ASSERT_TRUE(event);
    EXPECT_EQ(event->dx, -kMostMotion);
    EXPECT_EQ(event->dy, kMostMotion);
    EXPECT_EQ(event->wheel, kMostWheel);
    EXPECT_FALSE(read({.kind = static_cast<std::uint32_t>(Kind::Pointer), .buttons = 8}));
}

TEST(ConsoleEventTest, NoMoreViewersThanThereCanBe)
{
    EXPECT_TRUE(read({.kind = static_cast<std::uint32_t>(Kind::Viewers), .number = kMostViewers}));
    EXPECT_FALSE(read({.kind = static_cast<std::uint32_t>(Kind::Viewers), .number = kMostViewers + 1}));
}

TEST(ConsoleEventTest, NotesAreOneLineOfPlainText)
{
    EXPECT_EQ(note_text(*read(note_event("127.0.0.1 connected"))), "127.0.0.1 connected");
    EXPECT_EQ(note_text(*read(note_event("a\nb\x1b[31m\xff"))), "a?b?[31m?");
    const std::string longer(300, 'x');
    EXPECT_EQ(note_text(*read(note_event(longer))), std::string(104, 'x'));
}

} // namespace
} // namespace windsor::display
