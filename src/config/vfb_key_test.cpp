// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Loaded load(const std::string& text, std::vector<std::string> overrides = {})
{
    Options options;
    options.overrides = std::move(overrides);
    auto loaded = load_text(text, "test.cfg", options);
    EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message());
    return loaded ? std::move(*loaded) : Loaded{};
}

std::string error_of(const std::string& text)
{
    const auto loaded = load_text(text, "test.cfg", {});
    EXPECT_FALSE(loaded.has_value()) << text;
    return loaded ? "" : loaded.error().message();
}

TEST(Vfb, IsTheConsoleOfAnHvmGuest)
{
    const auto loaded =
        load("vfb = ['type=vnc, vnclisten=0.0.0.0,vncdisplay=55,vncpasswd=geheim,vncunused=0,keymap=de']");
    const auto& graphics = loaded.config.graphics;
    EXPECT_EQ(graphics.vnc, Switch::On);
    EXPECT_EQ(graphics.listen, "0.0.0.0");
    EXPECT_EQ(graphics.display, 55);
    EXPECT_EQ(graphics.password, "geheim");
    EXPECT_EQ(graphics.unused, Switch::Off);
    EXPECT_EQ(graphics.keymap, "de");
    EXPECT_TRUE(loaded.warnings.empty());
    EXPECT_EQ(load("vfb = ['vnc=1,vncpasswd=x']").config.graphics.password, "x");
    EXPECT_EQ(load("vfb = []").config.graphics.password, std::nullopt);
}

TEST(Vfb, MayRepeatWhatTheOtherKeysSay)
{
    const auto graphics = load("vnc = 1\nvncpasswd = 'a'\nvfb = ['type=vnc,vncpasswd=a,vncunused=1']").config.graphics;
    EXPECT_EQ(graphics.password, "a");
    EXPECT_EQ(load("vfb = ['type=sdl', 'type=vnc,vncpasswd=a']").config.graphics.password, "a");
}

TEST(Vfb, TheCommandLineHasTheLastWord)
{
    EXPECT_EQ(load("vfb = ['type=vnc,vncpasswd=a']", {"vncpasswd=b"}).config.graphics.password, "b");
}

// Nobody could tell who shall see the console.
TEST(Vfb, AContradictionIsRefusedWithoutThePassword)
{
    const auto message = error_of("vncpasswd = 'geheim'\nvfb = ['type=vnc,vncpasswd=other']");
    EXPECT_THAT(message, AllOf(HasSubstr("test.cfg:2:8: 'vfb' gives another 'vncpasswd' than line 1 does"),
                               testing::Not(HasSubstr("geheim")), testing::Not(HasSubstr("other,")),
                               testing::Not(HasSubstr("=other"))));
    EXPECT_THAT(error_of("vnc = 0\nvfb = ['type=vnc']"), HasSubstr("another 'vnc' than line 1"));
    EXPECT_THAT(error_of("vfb = ['type=vnc', 'type=vnc,vncpasswd=a']"), HasSubstr("a second VNC console"));
}

TEST(Vfb, WrongWordsHaveTheirPlace)
{
    EXPECT_THAT(error_of("vfb = ['type=gtk']"), HasSubstr("test.cfg:1:8: 'vfb' has a type that is no kind of console"));
    EXPECT_THAT(error_of("vfb = ['vnc']"), HasSubstr("has no value"));
    EXPECT_THAT(error_of("vfb = ['type=vnc,vncdisplay=x']"), HasSubstr("'vncdisplay' must be an integer"));
    EXPECT_THAT(error_of("vfb = ['type=vnc,keymap=klingon']"), HasSubstr("test.cfg:1:8: there is no keymap"));
    EXPECT_THAT(error_of("vfb = 'type=vnc'"), HasSubstr("'vfb' must be a list of strings"));
    const auto loaded = load("vfb = ['type=vnc,vncpaswd=geheim']");
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_THAT(loaded.warnings[0].message, HasSubstr("the nearest is 'vncpasswd'"));
}

// An apostrophe in a comment begins no string.
TEST(Vfb, ACommentHidesNothingOfTheLinesBelowIt)
{
    const auto loaded = load("# the console's password:\n# it isn't here\nmemroy = 3\n");
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_THAT(loaded.warnings[0].text(), HasSubstr("'memroy' is no known key"));
}

} // namespace
} // namespace windsor::config
