// SPDX-License-Identifier: GPL-2.0-or-later
// What is left after an evaluation: the variables, where they stand, and what else is known of the text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "python/evaluate.hpp"

namespace windsor::python {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Outcome outcome_of(std::string_view text)
{
    auto outcome = evaluate(text, Environment{});
    if (!outcome) {
        ADD_FAILURE() << outcome.error().message;
        return {};
    }
    return std::move(*outcome);
}

Binding binding_of(const Outcome& outcome, std::string_view name)
{
    for (const auto& [key, binding] : outcome.bindings) {
        if (key == name) {
            return binding;
        }
    }
    ADD_FAILURE() << "no variable " << name;
    return {};
}

std::vector<std::string> names_of(const Outcome& outcome)
{
    std::vector<std::string> names;
    for (const auto& [name, binding] : outcome.bindings) {
        names.push_back(name);
    }
    return names;
}

TEST(Outcome, VariablesStandInTheOrderOfTheirFirstAssignment)
{
    EXPECT_THAT(names_of(outcome_of("b = 1\na = 2\nb = 3\n")), ElementsAre("b", "a"));
    EXPECT_THAT(names_of(outcome_of("a = 1\nb = 2\ndel a\n")), ElementsAre("b"));
    EXPECT_THAT(names_of(outcome_of("def f():\n    global g\n    g = 1\n    h = 2\nf()\n")), ElementsAre("f", "g"));
    EXPECT_THAT(names_of(outcome_of("x = [n for n in range(3)]\n")), ElementsAre("x"));
    EXPECT_THAT(names_of(outcome_of("for i, (j, k) in []: pass\n")), IsEmpty());
}

TEST(Outcome, TheLastAssignmentCountsAndSaysWhereItStands)
{
    const auto outcome = outcome_of("memory = 1\nmemory = \\\n  2\n");
    const auto memory = binding_of(outcome, "memory");
    EXPECT_EQ(memory.value, Value{2});
    EXPECT_EQ(memory.key, (Position{2, 1}));
    EXPECT_EQ(memory.value_at, (Position{3, 3}));
    EXPECT_TRUE(memory.assigned_directly);
    EXPECT_EQ(memory.kind, "int");
}

TEST(Outcome, OnlyPlainAssignmentsAreDirect)
{
    const auto outcome = outcome_of("import os\na, b = 1, 2\nfor c in [3]: pass\ndef d(): pass\ne = f = 5\n");
    EXPECT_FALSE(binding_of(outcome, "os").assigned_directly);
    EXPECT_FALSE(binding_of(outcome, "a").assigned_directly);
    EXPECT_FALSE(binding_of(outcome, "c").assigned_directly);
    EXPECT_FALSE(binding_of(outcome, "d").assigned_directly);
    EXPECT_TRUE(binding_of(outcome, "e").assigned_directly);
    EXPECT_TRUE(binding_of(outcome, "f").assigned_directly);
}

TEST(Outcome, WhatIsNoDataHasAKindAndNoValue)
{
    const auto outcome =
        outcome_of("import os, re\ndef f(): pass\ng = len\nh = re.compile('a')\ni = os.environ\nj = 'a'.upper\n");
    for (const auto* name : {"os", "re", "f", "g", "h", "i", "j"}) {
        EXPECT_FALSE(binding_of(outcome, name).plain) << name;
    }
    EXPECT_EQ(binding_of(outcome, "os").kind, "module");
    EXPECT_EQ(binding_of(outcome, "f").kind, "function");
    EXPECT_EQ(binding_of(outcome, "h").kind, "pattern");
}

TEST(Outcome, ValuesAreCopiesWithoutSharing)
{
    const auto outcome = outcome_of("a = [1]\nb = [a, a]\na.append(2)\nc = {1: 'x', None: (1,)}\nd = {3, 1}\n");
    EXPECT_EQ(to_text(binding_of(outcome, "b").value), "[[1, 2], [1, 2]]");
    EXPECT_EQ(to_text(binding_of(outcome, "c").value), "{'1': 'x', 'None': (1,)}");
    EXPECT_EQ(to_text(binding_of(outcome, "d").value), "[3, 1]");
}

TEST(Outcome, ElementsOfAListKnowTheirPlaces)
{
    const auto outcome = outcome_of("a = ['x',\n 'y']\na += ['z']\nb = ('p', 'q')\nc = a + ['w']\nd = ['x']\n"
                                    "d.append('y')\ne = {1, 2}\n");
    EXPECT_THAT(binding_of(outcome, "a").items, ElementsAre(Position{1, 6}, Position{2, 2}, Position{3, 7}));
    EXPECT_THAT(binding_of(outcome, "b").items, ElementsAre(Position{4, 6}, Position{4, 11}));
    EXPECT_THAT(binding_of(outcome, "c").items, IsEmpty());
    EXPECT_THAT(binding_of(outcome, "d").items, IsEmpty()) << "one place is not enough for two elements";
    EXPECT_THAT(binding_of(outcome, "e").items, IsEmpty());
}

TEST(Outcome, NamesThatAreReadAreKnown)
{
    EXPECT_THAT(outcome_of("a = 1\nb = a\nc = 2\n").names_read, UnorderedElementsAre("a"));
    EXPECT_THAT(outcome_of("a, b = 1, 2\n").names_read, IsEmpty());
    EXPECT_THAT(outcome_of("for i in [1]: pass\n").names_read, IsEmpty());
    EXPECT_THAT(outcome_of("if 0: x = later\n").names_read, UnorderedElementsAre("later"));
    EXPECT_THAT(outcome_of("a = 1\nb = f'{a}'\n").names_read, UnorderedElementsAre("a"));
    EXPECT_THAT(outcome_of("a = 1\na = a + 1\n").names_read, UnorderedElementsAre("a"));
    EXPECT_THAT(outcome_of("a = 1\nb = a\na, c = 2, 3\nfor a in []: pass\n").names_read, UnorderedElementsAre("a"))
        << "what was read before stays so";
    EXPECT_THAT(outcome_of("d = {}\ni = 0\nd[i] = 1\n").names_read, UnorderedElementsAre("d", "i"));
}

TEST(Outcome, ManyNamesAreReadInAShortTime)
{
    std::string text;
    for (int i = 0; i < 12'000; ++i) {
        text += "if 0: q" + std::to_string(i) + "; [a for a in [1]]; a, b = 1, 2\n";
    }
    EXPECT_EQ(outcome_of(text).names_read.size(), 12'001U);
}

TEST(Outcome, AHyphenInAKeyIsNoted)
{
    const auto outcome = outcome_of("on-xend-start = 'x'\n");
    EXPECT_EQ(binding_of(outcome, "on_xend_start").value, Value{"x"});
    ASSERT_EQ(outcome.notes.size(), 1U);
    EXPECT_EQ(outcome.notes[0].at, (Position{1, 1}));
    EXPECT_EQ(outcome.notes[0].message,
              "the key 'on-xend-start' is read as 'on_xend_start'; a name cannot have hyphens");
    EXPECT_THAT(outcome_of("a = 3\nb = 1\nc = a-b\n").notes, IsEmpty());
}

TEST(Outcome, PrintedLinesAreKept)
{
    EXPECT_THAT(outcome_of("print 'a', 1\nprint\nprint 'b',\nprint 'c'\n").printed, ElementsAre("a 1", "", "b c"));
    EXPECT_THAT(outcome_of("print('a', 'b', sep='-')\nprint('c', end='')\nprint('d')\n").printed,
                ElementsAre("a-b", "cd"));
    EXPECT_THAT(outcome_of("print('a\\nb')\nprint(None, [1])\n").printed, ElementsAre("a\nb", "None [1]"));
    EXPECT_THAT(outcome_of("x = 1\n").printed, IsEmpty());
}

TEST(Outcome, PredefinedVariablesAreSeenButAreNoResult)
{
    Environment environment;
    environment.predefined = {{"vmid", Value{3}}, {"disks", Value::List{"a", Value::Tuple{{1}}}}};
    const auto outcome = evaluate("name = 'vm%d' % vmid\nfirst = disks[0]\nvmid = vmid + 1\n", environment);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_THAT(names_of(*outcome), ElementsAre("name", "first", "vmid"));
    EXPECT_EQ(binding_of(*outcome, "name").value, Value{"vm3"});
    EXPECT_EQ(binding_of(*outcome, "vmid").value, Value{4});
}

TEST(Outcome, AnExpressionIsOneValueAndNothingElse)
{
    const auto text = [](std::string_view expression) {
        const auto value = evaluate_expression(expression, Environment{});
        return value ? to_text(*value) : value.error().message;
    };
    EXPECT_EQ(text("1 + 1"), "2");
    EXPECT_EQ(text("['a', 'b'] * 2"), "['a', 'b', 'a', 'b']");
    EXPECT_EQ(text("1, 2"), "(1, 2)");
    EXPECT_EQ(text("{'a': {1}}"), "{'a': [1]}");
    EXPECT_EQ(text("len"), "a value of type 'function' is no plain value");
    EXPECT_EQ(text(""), "a value is expected here, but the text ends");
    EXPECT_EQ(text("x = 1"), "the end of the expression is expected here, but there is '='");
    EXPECT_EQ(text("import os"), "a value is expected here, but there is 'import'");
}

} // namespace
} // namespace windsor::python
