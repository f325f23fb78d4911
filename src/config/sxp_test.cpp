// SPDX-License-Identifier: GPL-2.0-or-later
// S-expressions, as xend's configuration has them and as its listings are printed.
#include "config/sxp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

std::expected<std::vector<SxpNode>, Complaint> parse(std::string text)
{
    return parse_sxp(std::make_shared<const Source>(Source{"x.sxp", std::move(text)}));
}

// As printed again, in one line each.
std::string printed(std::string text)
{
    const auto nodes = parse(std::move(text));
    if (!nodes) {
        return std::to_string(nodes.error().where.at.line) + ':' + std::to_string(nodes.error().where.at.column) +
               ": " + nodes.error().message;
    }
    std::string all;
    for (const SxpNode& node : *nodes) {
        all += (all.empty() ? "" : "\n") + print_sxp(node);
    }
    return all;
}

TEST(Sxp, ListsMayHoldAtomsAndLists)
{
    EXPECT_EQ(printed("(a b (c d) ())"), "(a b (c d) ())");
    EXPECT_EQ(printed("  (a)\n\t(b)# (c)\n(d)"), "(a)\n(b)\n(d)");
    EXPECT_EQ(printed("a b"), "a\nb");
    EXPECT_EQ(printed("(a(b)c)"), "(a (b) c)");
    EXPECT_EQ(printed(""), "");
    EXPECT_EQ(printed("(a # the rest (\n b)"), "(a b)");
}

TEST(Sxp, StringsStandInEitherQuotes)
{
    EXPECT_EQ(printed("(a 'b c' \"d'e\")"), R"((a 'b c' 'd\'e'))");
    EXPECT_EQ(printed(R"((a 'x\ny' "t\"q"))"), R"((a 'x\ny' 't"q'))");
    EXPECT_EQ(printed("(a '')"), "(a )") << "as xend shows what is not set";
    EXPECT_EQ(printed("(a 'over\nlines')"), R"((a 'over\nlines'))");
    const auto nodes = parse("'#no comment'");
    ASSERT_TRUE(nodes.has_value());
    EXPECT_EQ(nodes->at(0).atom, "#no comment");
    EXPECT_FALSE(nodes->at(0).is_list);
}

TEST(Sxp, NodesKnowTheirPlaces)
{
    const auto nodes = parse("(a\n  (b 'c'))");
    ASSERT_TRUE(nodes.has_value());
    const SxpNode& inner = nodes->at(0).items.at(1);
    EXPECT_EQ(inner.at, (Position{2, 3}));
    EXPECT_EQ(inner.items.at(1).at, (Position{2, 6}));
}

TEST(Sxp, MistakesHaveTheirPlaces)
{
    EXPECT_EQ(printed("(a\n (b)"), "1:1: '(' is never closed");
    EXPECT_EQ(printed("(a)\n )"), "2:2: ')' closes nothing");
    EXPECT_EQ(printed("(a 'b)"), "1:4: this string has no closing quote");
    EXPECT_EQ(printed("(a 'b\\"), "1:4: this string has no closing quote");
}

TEST(Sxp, HasLimits)
{
    EXPECT_EQ(printed(std::string(51, '(') + std::string(51, ')')).substr(0, 3), "(((");
    EXPECT_THAT(printed(std::string(52, '(') + std::string(52, ')')), HasSubstr("nested more than 50 levels deep"));
    EXPECT_THAT(printed(std::string(1 << 20, '(')), HasSubstr("nested more than 50 levels deep"));
    EXPECT_THAT(printed(std::string((1 << 20) + 1, ' ')), HasSubstr("larger than 1 MiB"));
}

SxpNode list_of(std::initializer_list<SxpNode> items)
{
    return SxpNode::list(items);
}

TEST(Sxp, WhatFitsIntoALineStaysTogether)
{
    const auto entry = SxpNode::entry("name", std::string(80 - std::string_view{"(name )"}.size(), 'x'));
    EXPECT_EQ(print_sxp(entry).size(), 80U);
    EXPECT_THAT(print_sxp(entry), testing::Not(HasSubstr("\n")));
    const auto longer = SxpNode::entry("name", std::string(80 - std::string_view{"(name )"}.size() + 1, 'x'));
    EXPECT_EQ(print_sxp(longer), "(name\n    " + std::string(74, 'x') + "\n)");
}

// People's scripts read devices line by line.
TEST(Sxp, ARecordHasALineForEachEntry)
{
    const auto record =
        list_of({SxpNode::of("vif"), SxpNode::entry("a", "1"), SxpNode::entry("b", "2"), SxpNode::entry("c", "3")});
    EXPECT_EQ(print_sxp(record), "(vif\n    (a 1)\n    (b 2)\n    (c 3)\n)");
    EXPECT_EQ(print_sxp(list_of({SxpNode::of("device"), record})),
              "(device\n    (vif\n        (a 1)\n        (b 2)\n        (c 3)\n    )\n)");
    EXPECT_EQ(print_sxp(list_of({SxpNode::of("vif"), SxpNode::entry("a", "1"), SxpNode::entry("b", "2")})),
              "(vif (a 1) (b 2))");
}

TEST(Sxp, WhatIsPrintedIsReadAsItWas)
{
    for (const std::string atom : {"plain", "with blank", "it's", "\"both\" 'quotes'", "back\\slash", "line\nend",
                                   "(parens)", "#hash", "\xc3\xa4", "\x01"}) {
        const auto text = print_sxp(SxpNode::entry("key", atom));
        const auto nodes = parse(text);
        ASSERT_TRUE(nodes.has_value()) << text;
        EXPECT_EQ(nodes->at(0).items.at(1).atom, atom) << text;
    }
}

} // namespace
} // namespace windsor::config
