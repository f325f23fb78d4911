// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/value.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace windsor::python {
namespace {

TEST(Value, AsTextItReadsAsPythonWritesIt)
{
    EXPECT_EQ(to_text(Value{}), "None");
    EXPECT_EQ(to_text(true), "True");
    EXPECT_EQ(to_text(-5), "-5");
    EXPECT_EQ(to_text(0.5), "0.5");
    EXPECT_EQ(to_text("a"), "'a'");
    EXPECT_EQ(to_text(Value::List{1, "b"}), "[1, 'b']");
    EXPECT_EQ(to_text(Value::List{}), "[]");
    EXPECT_EQ(to_text(Value::Tuple{{1}}), "(1,)");
    EXPECT_EQ(to_text(Value::Tuple{{1, 2}}), "(1, 2)");
    EXPECT_EQ(to_text(Value::Dict{{"a", 1}, {"b", Value::List{}}}), "{'a': 1, 'b': []}");
}

TEST(Value, AFloatingPointNumberIsNeverTakenForAWholeOne)
{
    EXPECT_EQ(float_text(3.0), "3.0");
    EXPECT_EQ(float_text(0.1), "0.1");
    EXPECT_EQ(float_text(1e22), "1e+22");
    EXPECT_EQ(float_text(-0.0), "-0.0");
    EXPECT_EQ(float_text(std::numeric_limits<double>::infinity()), "inf");
    EXPECT_EQ(float_text(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(Value, QuotesAreChosenSoThatFewNeedAnEscape)
{
    EXPECT_EQ(python_quoted("a"), "'a'");
    EXPECT_EQ(python_quoted("it's"), "\"it's\"");
    EXPECT_EQ(python_quoted("'\""), "'\\'\"'");
    EXPECT_EQ(python_quoted("a\n\t\r\\"), "'a\\n\\t\\r\\\\'");
    EXPECT_EQ(python_quoted(std::string_view{"\0\x1f\x7f", 3}), "'\\x00\\x1f\\x7f'");
    EXPECT_EQ(python_quoted("\xc3\xa4"), "'\xc3\xa4'");
}

TEST(Value, ZeroEmptyAndNoneAreFalse)
{
    for (const Value& value : {Value{}, Value{false}, Value{0}, Value{0.0}, Value{""}, Value{Value::List{}},
                               Value{Value::Tuple{}}, Value{Value::Dict{}}}) {
        EXPECT_FALSE(value.truth()) << to_text(value);
    }
    for (const Value& value : {Value{true}, Value{-1}, Value{0.1}, Value{"0"}, Value{Value::List{Value{}}},
                               Value{Value::Tuple{{0}}}, Value{Value::Dict{{"", 0}}}}) {
        EXPECT_TRUE(value.truth()) << to_text(value);
    }
}

TEST(Value, OnlyStringsAndListsJoinTheirLike)
{
    Value text{"a"};
    EXPECT_TRUE(text.append("b"));
    EXPECT_EQ(text, Value{"ab"});
    EXPECT_FALSE(text.append(1));
    EXPECT_EQ(text, Value{"ab"});

    Value list{Value::List{1}};
    EXPECT_TRUE(list.append(Value::List{2, 3}));
    EXPECT_EQ(list, (Value{Value::List{1, 2, 3}}));
    EXPECT_FALSE(list.append("a"));
    EXPECT_FALSE(Value{1}.append(2));
}

TEST(Value, ValuesOfDifferentKindsAreDifferent)
{
    EXPECT_NE(Value{1}, Value{1.0});
    EXPECT_NE(Value{1}, Value{true});
    EXPECT_NE(Value{}, Value{false});
    EXPECT_NE(Value{Value::List{1}}, (Value{Value::Tuple{{1}}}));
    EXPECT_EQ(Value{}, Value{});
    EXPECT_EQ((Value{Value::Dict{{"a", 1}}}), (Value{Value::Dict{{"a", 1}}}));
    EXPECT_NE((Value{Value::Dict{{"a", 1}}}), (Value{Value::Dict{{"a", 2}}}));
}

TEST(Value, EachKindHasANameForReaders)
{
    EXPECT_EQ(Value{}.kind_name(), "None");
    EXPECT_EQ(Value{true}.kind_name(), "a boolean");
    EXPECT_EQ(Value{1}.kind_name(), "an integer");
    EXPECT_EQ(Value{1.5}.kind_name(), "a floating-point number");
    EXPECT_EQ(Value{"a"}.kind_name(), "a string");
    EXPECT_EQ(Value{Value::List{}}.kind_name(), "a list");
    EXPECT_EQ(Value{Value::Tuple{}}.kind_name(), "a tuple");
    EXPECT_EQ(Value{Value::Dict{}}.kind_name(), "a dictionary");
}

} // namespace
} // namespace windsor::python
