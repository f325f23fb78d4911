// SPDX-License-Identifier: GPL-2.0-or-later
// How a message shows its place.
#include "config/diagnostic.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string rendered(std::string text, Position at, std::string_view sentence = "wrong")
{
    return render({std::make_shared<const Source>(Source{"x.cfg", std::move(text)}), at}, sentence);
}

TEST(Render, ShowsTheLineAndACaretUnderTheColumn)
{
    EXPECT_EQ(rendered("one\ntwo three\n", {2, 5}), "x.cfg:2:5: wrong\n    two three\n        ^");
    EXPECT_EQ(rendered("one", {1, 1}), "x.cfg:1:1: wrong\n    one\n    ^");
    EXPECT_EQ(rendered("one\r\ntwo\r\n", {1, 2}), "x.cfg:1:2: wrong\n    one\n     ^") << "lines of DOS";
}

TEST(Render, LeavesOutWhatIsNotKnown)
{
    EXPECT_EQ(render({}, "wrong"), "wrong");
    EXPECT_EQ(rendered("one", {0, 0}), "x.cfg: wrong");
}

TEST(Render, PlacesBeyondTheTextDoNoHarm)
{
    EXPECT_EQ(rendered("one", {1, 99}), "x.cfg:1:99: wrong\n    one\n       ^");
    EXPECT_EQ(rendered("one", {7, 1}), "x.cfg:7:1: wrong\n    \n    ^");
    EXPECT_EQ(rendered("", {1, 1}), "x.cfg:1:1: wrong\n    \n    ^");
}

TEST(Render, KeepsTheCaretUnderItsCharacter)
{
    EXPECT_EQ(rendered("\tx = y", {1, 6}), "x.cfg:1:6: wrong\n    \tx = y\n    \t    ^") << "a tab stays one";
    EXPECT_EQ(rendered("n = '\xc3\xa4\xc3\xa4' 5", {1, 12}),
              "x.cfg:1:12: wrong\n    n = '\xc3\xa4\xc3\xa4' 5\n             ^")
        << "a character of two bytes is one column on the screen";
}

TEST(Render, ShowsAWindowOfALongLine)
{
    const std::string line = std::string(1000, 'a') + '!' + std::string(1000, 'b');
    const auto text = rendered(line, {1, 1001});
    EXPECT_LT(text.size(), 400U);
    const auto shown = text.find('!');
    const auto caret = text.rfind('^');
    ASSERT_NE(shown, std::string::npos);
    const auto column_of = [&](std::size_t at) { return at - text.rfind('\n', at); };
    EXPECT_EQ(column_of(caret), column_of(shown));
}

TEST(Render, GivesTheTerminalNoOrders)
{
    const auto text = rendered("a = '\x1b[2J\x07\x7f'", {1, 1}, "'\x1b]0;x' is wrong");
    for (const char control : {'\x1b', '\x07', '\x7f'}) {
        EXPECT_EQ(text.find(control), std::string::npos);
    }
    EXPECT_THAT(text, HasSubstr("'?]0;x' is wrong"));
    EXPECT_THAT(rendered("\xff\xfe", {1, 1}), HasSubstr("\xef\xbf\xbd")) << "bytes that are no UTF-8";
}

TEST(Render, HidesThePasswordOfItsLine)
{
    const auto text = rendered("vncpasswd = 'geheim' + 1", {1, 24}, "'geheim' and an integer cannot be added");
    EXPECT_THAT(text, Not(HasSubstr("geheim")));
    EXPECT_THAT(text, HasSubstr("vncpasswd"));
    const Location where{std::make_shared<const Source>(Source{"x.cfg", "a = 'geheim'"}), {1, 5}};
    EXPECT_EQ(render(where.secret(), "wrong"), "x.cfg:1:5: wrong") << "a secret place shows nothing of its line";
}

constexpr std::array<std::string_view, 6> kNames{"memory", "maxmem", "vcpus", "vncpasswd", "disk", "cpus"};

TEST(NearestName, FindsWhatWasMeant)
{
    EXPECT_EQ(nearest_name("memroy", kNames), "memory") << "neighbours changed places";
    EXPECT_EQ(nearest_name("memmory", kNames), "memory") << "a letter twice";
    EXPECT_EQ(nearest_name("memry", kNames), "memory") << "a letter left out";
    EXPECT_EQ(nearest_name("disc", kNames), "disk") << "another letter";
    EXPECT_EQ(nearest_name("vcpus", kNames), "vcpus");
    EXPECT_EQ(nearest_name("vcpu", kNames), "vcpus") << "nearer than cpus";
}

TEST(NearestName, FindsNothingFarAway)
{
    EXPECT_EQ(nearest_name("qqqqqq", kNames), "");
    EXPECT_EQ(nearest_name("d", kNames), "");
    EXPECT_EQ(nearest_name("", kNames), "");
    EXPECT_EQ(nearest_name("memory", {}), "");
    EXPECT_EQ(nearest_name("memory" + std::string(1'000'000, 'x'), kNames), "") << "without comparing all of it";
}

} // namespace
} // namespace windsor::config
