// SPDX-License-Identifier: GPL-2.0-or-later
// The plain form of a configuration, as xl.cfg(5) has it, before any key's meaning is looked at.
#include "config/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::expected<Settings, Complaint> parse(std::string text, PlainNames names = PlainNames::Keys)
{
    return parse_plain(std::make_shared<const Source>(Source{"x.cfg", std::move(text)}), names);
}

// "key=value" of each setting, with values as Python would write them.
std::vector<std::string> settings_of(std::string text, PlainNames names = PlainNames::Keys)
{
    const auto settings = parse(std::move(text), names);
    EXPECT_TRUE(settings.has_value()) << (settings ? "" : settings.error().message);
    std::vector<std::string> all;
    for (const Setting& setting : settings.value_or(Settings{}).entries) {
        const auto* string = setting.value.string();
        all.push_back(setting.key + '=' +
                      (string != nullptr ? python::python_quoted(*string) : to_text(setting.value)));
    }
    return all;
}

// "line:column: sentence"
std::string error_of(std::string text, PlainNames names = PlainNames::Keys)
{
    const auto settings = parse(std::move(text), names);
    if (settings) {
        return {};
    }
    const auto& [where, message] = settings.error();
    return std::to_string(where.at.line) + ':' + std::to_string(where.at.column) + ": " + message;
}

TEST(PlainForm, HasNumbersStringsAndLists)
{
    EXPECT_THAT(settings_of("memory = 512\nname=\"a\"\nvif = [ 'x', \"y\", 3 ]\n"),
                ElementsAre("memory=512", "name='a'", "vif=['x', 'y', 3]"));
    EXPECT_THAT(settings_of("a = 0x1F\nb = -7\nc = 010\nd = 0\ne = 9223372036854775807"),
                ElementsAre("a=31", "b=-7", "c=8", "d=0", "e=9223372036854775807"));
    EXPECT_THAT(settings_of("a = []\nb = [[], ['x']]\nc = ['x',]\n"), ElementsAre("a=[]", "b=[[], ['x']]", "c=['x']"));
    EXPECT_THAT(settings_of(""), ElementsAre());
    EXPECT_THAT(settings_of("# nothing\n\n   \t\r\n"), ElementsAre());
}

TEST(PlainForm, EndsASettingWithTheLineOrASemicolon)
{
    EXPECT_THAT(settings_of("a=1;b=2 ; ; c=3"), ElementsAre("a=1", "b=2", "c=3"));
    EXPECT_THAT(settings_of("a=1 # b=2\r\nc=3\r\n"), ElementsAre("a=1", "c=3"));
    EXPECT_THAT(settings_of("a = \\\n 1\nb \\\r\n = 2"), ElementsAre("a=1", "b=2")) << "a backslash joins lines";
    EXPECT_THAT(settings_of("a = [ # one\n 1,\n\n # two\n 2 ]\n"), ElementsAre("a=[1, 2]")) << "lists go over lines";
    EXPECT_EQ(error_of("a=1 b=2"), "1:5: the end of the line is expected after the value");
    EXPECT_EQ(error_of("a='x' 'y'"), "1:7: the end of the line is expected after the value");
}

TEST(PlainForm, HasTheEscapesOfC)
{
    EXPECT_THAT(settings_of(R"(a = 'it\'s')"), ElementsAre(R"(a="it's")"));
    EXPECT_THAT(settings_of(R"(a = "q\"q\\")"), ElementsAre(R"(a='q"q\\')"));
    const auto settings = parse(R"(a = '\n\t\x41\102\7\q')");
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(*settings->entries[0].value.string(), "\n\tAB\x07q");
    EXPECT_EQ(error_of(R"(a = '\xzz')"), "1:8: an escape in a string lacks its digits");
    EXPECT_EQ(error_of("a = 'open"), "1:5: this string has no closing quote");
    EXPECT_EQ(error_of("a = 'over\nlines'"), "1:5: this string has no closing quote");
    EXPECT_EQ(error_of("a = 'x\\"), "1:5: this string has no closing quote");
}

TEST(PlainForm, LaterSettingsReplaceEarlierOnesAndMayAppend)
{
    EXPECT_THAT(settings_of("a=1\nb=2\na=3"), ElementsAre("a=3", "b=2"));
    EXPECT_THAT(settings_of("a = ['x']\na += ['y', 'z']"), ElementsAre("a=['x', 'y', 'z']"));
    EXPECT_THAT(settings_of("a = 'x'\na += 'y'"), ElementsAre("a='xy'"));
    EXPECT_THAT(settings_of("a += ['x']"), ElementsAre("a=['x']")) << "to nothing";
    EXPECT_EQ(error_of("a = 'x'\na += ['y']"), "2:6: '+=' joins two strings or two lists");
    EXPECT_EQ(error_of("a = 1\na += 2"), "2:6: '+=' joins two strings or two lists");
    const auto settings = parse("a = ['x']\n  a += ['y']");
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(settings->entries[0].item_at(1).at, (Position{2, 9})) << "elements keep their places";
    EXPECT_EQ(settings->entries[0].item_at(7).at, settings->entries[0].value_at.at) << "an element that is not there";
}

TEST(PlainForm, NamesMayHaveHyphensAndInXlConfDots)
{
    EXPECT_THAT(settings_of("device-model = 'x'\n_a1 = 2"), ElementsAre("device-model='x'", "_a1=2"));
    EXPECT_THAT(settings_of("vif.default.bridge = 'x'", PlainNames::Dotted), ElementsAre("vif.default.bridge='x'"));
    EXPECT_THAT(error_of("vif.default.bridge = 'x'"), StartsWith("1:4: '=' and a value are expected after 'vif'"));
    EXPECT_THAT(error_of("1a = 2"), StartsWith("1:1: the name of a key is expected here"));
    EXPECT_THAT(error_of("= 2"), StartsWith("1:1: the name of a key is expected here"));
    EXPECT_THAT(error_of("\xc3\xa4 = 2"), StartsWith("1:1: the name of a key is expected here"));
}

TEST(PlainForm, PointsAtWhatIsMissing)
{
    EXPECT_EQ(error_of("a"), "1:2: '=' and a value are expected after 'a'");
    EXPECT_EQ(error_of("a + 1"), "1:3: '=' and a value are expected after 'a'");
    EXPECT_THAT(error_of("a ="), StartsWith("1:4: a value is expected here"));
    EXPECT_THAT(error_of("a = x"), StartsWith("1:5: a value is expected here: a number, a quoted string, or a list"));
    EXPECT_THAT(error_of("a = (1)"), StartsWith("1:5: a value is expected here"));
    EXPECT_EQ(error_of("a = 1\nb = ['x',"), "2:5: this list is never closed with ']'");
    EXPECT_EQ(error_of("a = 1\nb = ['x'"), "2:9: ',' or ']' is expected after an element of a list");
    EXPECT_EQ(error_of("a = ['x' 'y']"), "1:10: ',' or ']' is expected after an element of a list");
    EXPECT_THAT(error_of("a = [,]"), StartsWith("1:6: a value is expected here"));
}

TEST(PlainForm, NumbersHaveSixtyFourBits)
{
    EXPECT_EQ(error_of("a = 9223372036854775808"), "1:5: '9223372036854775808' is no number in 64 bits");
    EXPECT_EQ(error_of("a = -99999999999999999999"), "1:5: '-99999999999999999999' is no number in 64 bits");
    for (const char* wrong : {"a = 0x", "a = 08", "a = 12k", "a = -", "a = --1", "a = 0x-1", "a = 1e5"}) {
        EXPECT_THAT(error_of(wrong), HasSubstr("is no number in 64 bits")) << wrong;
    }
    EXPECT_LT(error_of("a = " + std::string(100'000, '9')).size(), 100U) << "a message quotes the beginning only";
}

TEST(PlainForm, HasLimits)
{
    EXPECT_THAT(error_of("a = '" + std::string((1 << 20) + 1, 'x') + "'"), HasSubstr("larger than 1 MiB"));
    const auto nested = [](int depth) {
        const auto levels = static_cast<std::size_t>(depth);
        return "a = " + std::string(levels, '[') + std::string(levels, ']');
    };
    EXPECT_EQ(error_of(nested(20)), "");
    EXPECT_EQ(error_of(nested(21)), "1:25: lists are nested more than 20 levels deep");
    EXPECT_THAT(error_of("a = " + std::string(500'000, '[')), HasSubstr("nested more than 20"));
    std::string many;
    for (int i = 0; i < 2000; ++i) {
        many += "k" + std::to_string(i) + "=1\n";
    }
    EXPECT_EQ(error_of(many), "");
    EXPECT_THAT(error_of(many + "one_more=1\n"), HasSubstr("there are more than 2000 keys"));
}

TEST(PlainForm, ANulIsAByteLikeOthersInAStringAndNowhereElse)
{
    const auto settings = parse(std::string{"a = 'x\0y'", 9});
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(*settings->entries[0].value.string(), (std::string{"x\0y", 3}));
    EXPECT_NE(error_of(std::string{"a = 1\0", 6}), "");
    EXPECT_NE(error_of(std::string{"\0a = 1", 6}), "");
}

} // namespace
} // namespace windsor::config
