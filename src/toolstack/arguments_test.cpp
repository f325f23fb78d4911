// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/arguments.hpp"

#include "toolstack/numbers.hpp"

#include <array>
#include <gtest/gtest.h>

namespace windsor::toolstack {
namespace {

constexpr std::array kOptions{
    Option{'f', "file", "FILE", ""},
    Option{'q', "quiet", "", ""},
    Option{'p', "paused", "", ""},
    Option{'\0', "path", "DIRS", ""},
    Option{'F', "", "", "", Option::For::Xl},
};

base::Result<Arguments> parse(std::vector<std::string> words, Option::For dialect = Option::For::All)
{
    return Arguments::parse(words, kOptions, dialect);
}

std::string error_of(std::vector<std::string> words, Option::For dialect = Option::For::All)
{
    const auto arguments = parse(std::move(words), dialect);
    return arguments ? "" : arguments.error().message();
}

TEST(Arguments, TakesOptionsAndOperandsInAnyOrder)
{
    const auto arguments = parse({"one", "-q", "two", "--file", "x"});
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->operands(), (std::vector<std::string>{"one", "two"}));
    EXPECT_TRUE(arguments->has("quiet"));
    EXPECT_EQ(arguments->value("file"), "x");
    EXPECT_FALSE(arguments->has("paused"));
}

TEST(Arguments, TakesLettersInClustersAndValuesInAllForms)
{
    EXPECT_TRUE(parse({"-qp"})->has("paused"));
    EXPECT_EQ(parse({"-qfname"})->value("file"), "name");
    EXPECT_EQ(parse({"-f", "name"})->value("file"), "name");
    EXPECT_EQ(parse({"--file=a=b"})->value("file"), "a=b");
    EXPECT_EQ(parse({"--fi", "name"})->value("file"), "name");
}

TEST(Arguments, TakesNegativeNumbersAndAllAfterTwoHyphensAsOperands)
{
    EXPECT_EQ(parse({"-5", "-"})->operands(), (std::vector<std::string>{"-5", "-"}));
    EXPECT_EQ(parse({"--", "-q", "--"})->operands(), (std::vector<std::string>{"-q", "--"}));
}

TEST(Arguments, RefusesWhatTheTableHasNot)
{
    EXPECT_EQ(error_of({"-x"}), "there is no option -x");
    EXPECT_EQ(error_of({"--nothing"}), "there is no option --nothing");
    EXPECT_EQ(error_of({"--pa"}), "option --pa is ambiguous: it may be --paused or --path");
    EXPECT_EQ(error_of({"--quiet=1"}), "option --quiet takes no value");
    EXPECT_EQ(error_of({"-f"}), "option -f wants a value");
    EXPECT_EQ(error_of({"--path"}), "option --path wants a value");
}

TEST(Arguments, KeepsTheOptionsOfTheOtherDialectOut)
{
    EXPECT_TRUE(parse({"-F"}, Option::For::Xl)->has("F"));
    EXPECT_TRUE(parse({"-F"}, Option::For::All)->has("F"));
    EXPECT_EQ(error_of({"-F"}, Option::For::Xm), "there is no option -F");
}

TEST(Numbers, HaveRanges)
{
    EXPECT_EQ(parse_integer("-3", "dx", -5, 5).value(), -3);
    EXPECT_EQ(parse_integer("6", "dx", -5, 5).error().message(), "dx must be a number from -5 to 5, not '6'");
    EXPECT_FALSE(parse_integer("1x", "dx", -5, 5));
    EXPECT_FALSE(parse_integer("", "dx", -5, 5));
    EXPECT_DOUBLE_EQ(parse_seconds("0.5", 100).value(), 0.5);
    for (const char* wrong : {"", "-1", "nan", "inf", "101", "1s"}) {
        EXPECT_FALSE(parse_seconds(wrong, 100)) << wrong;
    }
}

TEST(Numbers, ReadMouseButtonsByNumberOrName)
{
    EXPECT_EQ(parse_buttons("7").value(), 7);
    EXPECT_EQ(parse_buttons("left+middle").value(), 5);
    EXPECT_EQ(parse_buttons("right").value(), 2);
    EXPECT_EQ(parse_buttons("none").value(), 0);
    EXPECT_FALSE(parse_buttons("8"));
    EXPECT_FALSE(parse_buttons("left+"));
    EXPECT_FALSE(parse_buttons(""));
}

TEST(HidePasswords, NothingIsLeftOfThem)
{
    std::vector<std::string> words{"windsor",   "create",           "guest",
                                   "memory=64", "vncpasswd=secret", "vfb=['type=vnc,vncpasswd=secret']",
                                   "vncpasswd"};
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    hide_passwords(pointers);
    for (const std::string& word : words) {
        EXPECT_EQ(word.find("secret"), std::string::npos) << word;
    }
    EXPECT_STREQ(pointers[2], "guest");
    EXPECT_STREQ(pointers[3], "memory=64");
    EXPECT_STREQ(pointers[4], "vncpasswd=");
    EXPECT_STREQ(pointers[6], "vncpasswd");
}

} // namespace
} // namespace windsor::toolstack
