// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/key_script.hpp"

#include <gtest/gtest.h>

namespace windsor::display {

namespace {

using namespace std::chrono_literals;

KeyScript script(const std::vector<std::string>& lines)
{
    auto parsed = parse_key_script(lines);
    EXPECT_TRUE(parsed) << parsed.error().message();
    return parsed.value_or(KeyScript{});
}

std::string refusal(const std::vector<std::string>& lines)
{
    const auto parsed = parse_key_script(lines);
    return parsed ? "it was taken" : parsed.error().message();
}

TEST(KeyScript, HasKeysPausesAndTexts)
{
    const KeyScript found = script({"ctrl-esc up", "wait 2", "wait 0.5", "type a b", "enter"});
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].keys, (Chord{0x1d, 0x01}));
    EXPECT_EQ(found[1].keys, Chord{0xe048});
    EXPECT_EQ(found[1].pause, 0ms);
    EXPECT_EQ(found[2].text, "a b");
    EXPECT_EQ(found[2].pause, 2500ms);
    EXPECT_EQ(found[3].keys, Chord{0x1c});
    EXPECT_EQ(found[3].pause, 0ms);
    EXPECT_TRUE(script({}).empty());
}

TEST(KeyScript, WindowsStandsForItsKeys)
{
    const KeyScript found = script({"windows", "x"});
    ASSERT_EQ(found.size(), 5u);
    EXPECT_EQ(found[0].keys, (Chord{0x1d, 0x01})) << "the Start menu";
    EXPECT_EQ(found[3].keys, Chord{0x1c});
    EXPECT_GT(found[3].pause, 0ms);
    EXPECT_EQ(refusal({"windows xp"}).substr(0, 27), "there is no key \"windows\"; ");
}

TEST(KeyScript, WhatIsNoneIsRefused)
{
    EXPECT_EQ(refusal({"ctrl-escap"}), "there is no key \"escap\"; did you mean \"escape\"?");
    EXPECT_EQ(refusal({""}).substr(0, 15), "no key is named");
    for (const std::string pause : {"", "x", "-1", "61", "1s", "nan", "inf", "1e99", "1 2"}) {
        EXPECT_EQ(refusal({"wait " + pause}),
                  "\"wait " + pause + "\" is no pause; write \"wait 2\", with up to 60 seconds");
    }
    EXPECT_EQ(refusal(std::vector<std::string>(11, "wait 60")),
              "the pauses between the keys are more than 600 seconds in all");
    EXPECT_EQ(refusal({"type " + std::string(200, 'x')}), "a line of 205 characters is too long for keys; 200 are the "
                                                          "most");
    EXPECT_EQ(refusal(std::vector<std::string>(101, "a")), "101 lines of keys are too many; 100 are the most");
}

} // namespace

} // namespace windsor::display
