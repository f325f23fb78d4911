// SPDX-License-Identifier: GPL-2.0-or-later
// Which values are of which type, and how values look in other notations.
#include "config/value_types.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace windsor::config {
namespace {

TEST(Integers, AreReadAsGenerouslyAsXmAndXlReadThem)
{
    EXPECT_EQ(as_integer(Value{7}), 7);
    EXPECT_EQ(as_integer(Value{true}), 1);
    EXPECT_EQ(as_integer(Value{2.0}), 2) << "512 * 0.5 is a whole number";
    EXPECT_EQ(as_integer(Value{-2.0}), -2);
    EXPECT_EQ(as_integer(Value{"42"}), 42);
    EXPECT_EQ(as_integer(Value{"-42"}), -42);
    EXPECT_EQ(as_integer(Value{"0x2A"}), 42);
    EXPECT_EQ(as_integer(Value{"9223372036854775807"}), std::numeric_limits<std::int64_t>::max());
}

TEST(Integers, AreNothingElse)
{
    for (const char* text : {"", " 1", "1 ", "1.0", "0x", "0xg", "x", "+1", "1_000", "9223372036854775808", "1e3"}) {
        EXPECT_EQ(as_integer(Value{text}), std::nullopt) << text;
    }
    for (const double real :
         {0.5, 1e15, -1e15, 1e300, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_EQ(as_integer(Value{real}), std::nullopt) << real;
    }
    EXPECT_EQ(as_integer(Value{}), std::nullopt);
    EXPECT_EQ(as_integer(Value{Value::List{}}), std::nullopt);
    EXPECT_EQ(as_integer(Value{Value::Dict{}}), std::nullopt);
}

TEST(Booleans, AreTheWordsAndTheNumbersForThem)
{
    for (const char* yes : {"yes", "on", "true", "True", "1"}) {
        EXPECT_EQ(as_boolean(Value{yes}), true) << yes;
    }
    for (const char* no : {"no", "off", "false", "False", "0", ""}) {
        EXPECT_EQ(as_boolean(Value{no}), false) << no;
    }
    EXPECT_EQ(as_boolean(Value{}), false) << "None";
    for (const Value& other : {Value{2}, Value{-1}, Value{0.5}, Value{"maybe"}, Value{"YES"}, Value{Value::List{}}}) {
        EXPECT_EQ(as_boolean(other), std::nullopt) << to_text(other);
    }
}

TEST(Types, TakeWhatCanBeReadAsThem)
{
    const Value number{3};
    const Value flag{1};
    const Value text{"x"};
    const Value texts{Value::List{"x", "y"}};
    const Value mixed{Value::List{"x", 1}};
    struct Row {
        KeyType type;
        std::vector<bool> takes; // number, flag, text, texts, mixed
    };
    const Row rows[] = {{KeyType::String, {true, true, true, false, false}},
                        {KeyType::Integer, {true, true, false, false, false}},
                        {KeyType::Boolean, {false, true, false, false, false}},
                        {KeyType::Strings, {false, false, false, true, false}},
                        {KeyType::StringOrStrings, {false, false, true, true, false}},
                        {KeyType::IntegerOrString, {true, true, true, false, false}},
                        {KeyType::BooleanOrString, {false, true, true, false, false}},
                        {KeyType::Any, {true, true, true, true, true}}};
    for (const Row& row : rows) {
        const std::vector<bool> takes{has_type(number, row.type), has_type(flag, row.type), has_type(text, row.type),
                                      has_type(texts, row.type), has_type(mixed, row.type)};
        EXPECT_EQ(takes, row.takes) << type_phrase(row.type);
    }
}

TEST(Json, HasEachKindOfValue)
{
    const Value value{Value::Dict{{"none", Value{}},
                                  {"flag", true},
                                  {"number", std::int64_t{-5}},
                                  {"real", 0.5},
                                  {"text", "x"},
                                  {"list", Value::List{1, Value::List{}}},
                                  {"tuple", Value{Value::Tuple{{1, 2}}}}}};
    EXPECT_EQ(to_json(value).dump(),
              R"({"none":null,"flag":true,"number":-5,"real":0.5,"text":"x","list":[1,[]],"tuple":[1,2]})");
    EXPECT_EQ(to_json(Value{std::numeric_limits<double>::infinity()}).dump(), "null");
    EXPECT_EQ(to_json(Value{std::numeric_limits<double>::quiet_NaN()}).dump(), "null");
}

// Unicode 15, table 3-7: what stands in no row of it is replaced, byte by byte.
TEST(Utf8, IsWellFormedAfterwards)
{
    for (const char* good :
         {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\xb4", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(valid_utf8(good), good);
    }
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(valid_utf8("\x80"), mark);
    EXPECT_EQ(valid_utf8("a\xc3"), "a" + mark) << "cut off";
    EXPECT_EQ(valid_utf8("\xc0\xaf"), mark + mark) << "overlong";
    EXPECT_EQ(valid_utf8("\xe0\x80\x80"), mark + mark + mark) << "overlong";
    EXPECT_EQ(valid_utf8("\xf0\x80\x80\x80"), mark + mark + mark + mark) << "overlong";
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), mark + mark + mark) << "a surrogate";
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark) << "beyond U+10FFFF";
    EXPECT_EQ(valid_utf8("\xff\xc3\xa4"), mark + "\xc3\xa4") << "what follows is kept";
    EXPECT_EQ(to_json(Value{"\xff"}).dump(), "\"" + mark + "\"");
}

TEST(Atoms, AreQuotedWhenTheyHaveToBe)
{
    EXPECT_EQ(sxp_atom("plain-1.2_3:/x,y=z"), "plain-1.2_3:/x,y=z");
    EXPECT_EQ(sxp_atom(""), "''");
    EXPECT_EQ(sxp_atom("a b"), "'a b'");
    EXPECT_EQ(sxp_atom("it's"), R"('it\'s')");
    EXPECT_EQ(sxp_atom("a\\b"), R"('a\\b')");
    EXPECT_EQ(sxp_atom("a\nb"), R"('a\nb')");
    EXPECT_EQ(sxp_atom("#"), "'#'");
    EXPECT_EQ(sxp_atom("(x)"), "'(x)'");
    EXPECT_EQ(sxp_atom("\xc3\xa4"), "'\xc3\xa4'");
}

} // namespace
} // namespace windsor::config
