// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/tokenizer.hpp"

#include <gtest/gtest.h>

namespace windsor::python {
namespace {

std::string name_of(TokenKind kind)
{
    constexpr std::string_view kNames[] = {"name",     "integer", "float",  "string", "fstring",
                                           "operator", "newline", "indent", "dedent", "end"};
    return std::string{kNames[static_cast<std::size_t>(kind)]};
}

// The kinds of the tokens, with the text of names and operators.
std::string kinds(std::string_view text, TokenizeMode mode = TokenizeMode::File)
{
    std::string result;
    for (const auto& token : tokenize(text, mode)) {
        const bool shown = token.kind == TokenKind::Name || token.kind == TokenKind::Operator;
        result += (result.empty() ? "" : " ") + (shown ? token.text : name_of(token.kind));
    }
    return result;
}

TEST(Tokenizer, LinesEndInNewlinesAndBlankOnesCountForNothing)
{
    EXPECT_EQ(kinds("x = 1\n"), "x = integer newline newline end");
    EXPECT_EQ(kinds("x\n\n  \n# words\n   # more\ny"), "x newline y newline end");
    EXPECT_EQ(kinds(""), "newline end");
    EXPECT_EQ(kinds("x # words"), "x newline end");
}

TEST(Tokenizer, IndentationOpensAndClosesBlocks)
{
    EXPECT_EQ(kinds("if x:\n  a\n  b\nc"), "if x : newline indent a newline b newline dedent c newline end");
    EXPECT_EQ(kinds("if x:\n if y:\n  a\n"),
              "if x : newline indent if y : newline indent a newline newline dedent dedent end");
    // A tab reaches to the next multiple of eight columns, and a form feed starts over.
    EXPECT_EQ(kinds("if x:\n\ta\n        b\n"), kinds("if x:\n  a\n  b\n"));
    EXPECT_EQ(kinds("x\n   \fy"), kinds("x\ny"));
}

TEST(Tokenizer, LineEndsInBracketsAndBehindBackslashesMeanNothing)
{
    EXPECT_EQ(kinds("(\n1,\n\n  2)"), "( integer , integer ) newline end");
    EXPECT_EQ(kinds("1 + \\\n  2"), "integer + integer newline end");
    EXPECT_EQ(kinds("1\n+\n2", TokenizeMode::Expression), "integer + integer end");
    EXPECT_EQ(kinds("x\r\ny\rz"), "x newline y newline z newline end");
}

TEST(Tokenizer, TheLongestOperatorIsTaken)
{
    EXPECT_EQ(kinds("a**=b//c<<=d", TokenizeMode::Expression), "a **= b // c <<= d end");
    EXPECT_EQ(kinds("a<>b!=c<=d", TokenizeMode::Expression), "a <> b != c <= d end");
    EXPECT_EQ(kinds("a- -b", TokenizeMode::Expression), "a - - b end");
}

TEST(Tokenizer, TokensKnowTheirPlaces)
{
    const auto tokens = tokenize("ab = 1\n  \ncd", TokenizeMode::File);
    EXPECT_EQ(tokens[0].at, (Position{1, 1}));
    EXPECT_EQ(tokens[0].end_column, 3U);
    EXPECT_EQ(tokens[1].at, (Position{1, 4}));
    EXPECT_EQ(tokens[2].at, (Position{1, 6}));
    EXPECT_EQ(tokens[4].at, (Position{3, 1}));
    EXPECT_EQ(tokenize("x", TokenizeMode::Expression, {7, 9}).at(0).at, (Position{7, 9}));
    // A byte order mark takes no place.
    EXPECT_EQ(tokenize("\xef\xbb\xbfx", TokenizeMode::File).at(0).at.line, 1U);
}

TEST(Tokenizer, StringsAreDecodedUnlessTheyAreRaw)
{
    const auto value = [](std::string_view text) { return tokenize(text, TokenizeMode::Expression).at(0).text; };
    EXPECT_EQ(value("'a\\nb'"), "a\nb");
    EXPECT_EQ(value("r'a\\nb'"), "a\\nb");
    EXPECT_EQ(value("'\\xe9'"), "\xe9");
    EXPECT_EQ(value("u'\\xe9'"), "\xc3\xa9");
    EXPECT_EQ(value("u'\\351'"), "\xc3\xa9");
    EXPECT_EQ(value("'\\u20ac'"), "\xe2\x82\xac");
    EXPECT_EQ(value("'''a\r\nb'''"), "a\nb");
    EXPECT_EQ(value("'a\\\nb'"), "ab");
    EXPECT_EQ(value("'\\q'"), "\\q");
    EXPECT_EQ(value("BR'\\d'"), "\\d");
}

TEST(Tokenizer, NumbersHaveTheirBasesAndSuffixes)
{
    const auto value = [](std::string_view text) { return tokenize(text, TokenizeMode::Expression).at(0).integer; };
    EXPECT_EQ(value("0x1F"), 31);
    EXPECT_EQ(value("0755"), 493);
    EXPECT_EQ(value("0o17"), 15);
    EXPECT_EQ(value("0b11"), 3);
    EXPECT_EQ(value("12L"), 12);
    EXPECT_EQ(value("1_000"), 1000);
    EXPECT_EQ(tokenize("1.5e3", TokenizeMode::Expression).at(0).real, 1500.0);
    EXPECT_EQ(kinds("1.", TokenizeMode::Expression), "float end");
    EXPECT_EQ(kinds(".5", TokenizeMode::Expression), "float end");
    EXPECT_EQ(kinds("x.y", TokenizeMode::Expression), "x . y end");
}

TEST(Tokenizer, ATextCannotBeTooLarge)
{
    EXPECT_THROW(tokenize(std::string((1 << 20) + 1, ' '), TokenizeMode::File), Refusal);
}

TEST(Tokenizer, CharactersBecomeUtf8)
{
    const auto encoded = [](std::uint32_t code_point) {
        std::string text;
        append_utf8(text, code_point);
        return text;
    };
    EXPECT_EQ(encoded('a'), "a");
    EXPECT_EQ(encoded(0xe9), "\xc3\xa9");
    EXPECT_EQ(encoded(0x20ac), "\xe2\x82\xac");
    EXPECT_EQ(encoded(0x1f600), "\xf0\x9f\x98\x80");
}

} // namespace
} // namespace windsor::python
