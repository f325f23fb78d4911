// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/regex.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::python {
namespace {

// What the pattern matches first, its groups behind it; "-" for a group that took no part; "none", or the error.
std::string first_match(std::string_view pattern, std::string_view text, unsigned flags = 0,
                        Regex::Anchor anchor = Regex::Anchor::Anywhere)
{
    const auto regex = Regex::compile(pattern, flags);
    if (!regex) {
        return regex.error();
    }
    std::uint64_t steps = 100'000;
    const auto match = regex->find(text, 0, anchor, steps);
    if (!match) {
        return match.error();
    }
    if (!*match) {
        return "none";
    }
    std::string result;
    for (std::size_t i = 0; i < (*match)->slots.size(); i += 2) {
        const auto start = (*match)->slots[i];
        const auto end = (*match)->slots[i + 1];
        result += i == 0 ? "" : "|";
        result +=
            start < 0
                ? "-"
                : std::string{text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start))};
    }
    return result;
}

struct Case {
    const char* pattern;
    const char* text;
    const char* expected;
};

class Matching : public testing::TestWithParam<Case> {};

TEST_P(Matching, FollowsPython)
{
    EXPECT_EQ(first_match(GetParam().pattern, GetParam().text), GetParam().expected) << GetParam().pattern;
}

// The expected results are those of CPython's re.
INSTANTIATE_TEST_SUITE_P(
    Regex, Matching,
    testing::Values(
        Case{"abc", "xabcx", "abc"}, Case{"a|b|cd", "xcd", "cd"}, Case{"a*", "aaab", "aaa"}, Case{"a*?b", "aab", "aab"},
        Case{"a+?", "aaa", "a"}, Case{"ab?c", "ac", "ac"}, Case{"a{2,3}", "aaaa", "aaa"}, Case{"a{2}", "aaaa", "aa"},
        Case{"a{,2}b", "aaab", "aab"}, Case{"a{2,}", "aaaa", "aaaa"}, Case{"a{x}", "a{x}", "a{x}"},
        Case{"(a)(b)?", "a", "a|a|-"}, Case{"(a|ab)(c|bcd)(d*)", "abcd", "abcd|a|bcd|"},
        Case{"(?:ab)+", "ababx", "abab"}, Case{"^b", "ab", "none"}, Case{"b$", "ab\n", "b"},
        Case{"b\\Z", "ab\n", "none"}, Case{"[a-c]+", "xxabcd", "abc"}, Case{"[^a-c]+", "abxyc", "xy"},
        Case{"[]a]+", "x]a", "]a"}, Case{"[a-]+", "x-a", "-a"}, Case{"[\\d.]+", "v1.2", "1.2"},
        Case{"\\w+\\s\\d", "ab 1", "ab 1"}, Case{"\\bfoo\\b", "a foo.", "foo"}, Case{"\\Bo", "oo", "o"},
        Case{"(.)\\1", "abccd", "cc|c"}, Case{"(?P<q>['\"]).*?(?P=q)", "x'a\"b'", "'a\"b'|'"},
        Case{"a(?=b)", "acab", "a"}, Case{"a(?!b)", "abac", "a"}, Case{"(?=(a+))a*b\\1", "baaabac", "aba|a"},
        Case{"(a*)*", "aab", "aa|"}, Case{"(a*)+", "b", "|"}, Case{"(?i)ABC", "xabc", "abc"},
        Case{"(?i)[A-C]+", "abc", "abc"}, Case{"(?s)a.b", "a\nb", "a\nb"}, Case{"a.b", "a\nb", "none"},
        Case{"(?m)^b", "a\nb", "b"}, Case{"\\.img$", "x.img", ".img"}, Case{"x*", "", ""},
        Case{"(a|b)*c", "abac", "abac|a"}, Case{"((a)|b)*", "ab", "ab|b|a"}, Case{"\\x41\\t?", "A", "A"},
        Case{"(", "", "a '(' in the pattern is never closed"}, Case{")", "", "a ')' in the pattern closes nothing"},
        Case{"[a", "", "a '[' in the pattern is never closed"},
        Case{"*a", "", "a quantifier in the pattern has nothing to repeat"},
        Case{"a**", "", "a quantifier in the pattern follows another one"},
        Case{"a\\", "", "the pattern ends in a backslash"},
        Case{"[b-a]", "", "a range in the pattern is the wrong way round"},
        Case{"(?<=a)b", "", "'(?<' is not available in a pattern"}, Case{"\\3", "", "the pattern has no group 3"},
        Case{"a{3,2}", "", "the bounds of a quantifier in the pattern are the wrong way round"},
        Case{"a{1,5000}", "", "a quantifier in the pattern asks for more than 1000 repetitions"},
        Case{"(?:(?:a{1000}){1000}){1000}", "", "the pattern is too large"}));

TEST(Regex, AnchorsDecideWhereAMatchMayLie)
{
    EXPECT_EQ(first_match("b", "ab", 0, Regex::Anchor::Start), "none");
    EXPECT_EQ(first_match("a|ab", "ab", 0, Regex::Anchor::Whole), "ab");
    EXPECT_EQ(first_match("a", "ab", 0, Regex::Anchor::Whole), "none");
}

TEST(Regex, ARunawayPatternEndsInAnError)
{
    EXPECT_EQ(first_match("(a|aa)+$", std::string(100, 'a') + "b"), "matching this pattern takes too many steps");
    EXPECT_EQ(first_match("(x+x+)+y", std::string(100, 'x')), "matching this pattern takes too many steps");
}

} // namespace
} // namespace windsor::python
