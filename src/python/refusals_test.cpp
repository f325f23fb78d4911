// SPDX-License-Identifier: GPL-2.0-or-later
// What the language refuses, and in which words. The files of testdata/refusals hold texts, each under a head line
// "### name" and above a last line "!! line:column: sentence".
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "python/evaluate.hpp"

namespace windsor::python {
namespace {

struct Refused {
    std::string name;
    std::string text;
    std::string expected;
};

void PrintTo(const Refused& refused, std::ostream* out)
{
    *out << refused.name;
}

std::vector<Refused> read_file(const std::filesystem::path& path)
{
    std::ifstream file{path};
    std::vector<Refused> cases;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("### ")) {
            cases.push_back({path.stem().string() + "_" + line.substr(4), {}, {}});
        } else if (line.starts_with("!! ")) {
            cases.back().expected = line.substr(3);
        } else if (!cases.empty() && cases.back().expected.empty()) {
            cases.back().text += line + "\n";
        }
    }
    return cases;
}

std::vector<Refused> all_cases()
{
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator{WINDSOR_PYTHON_TESTDATA "/refusals"}) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<Refused> cases;
    for (const auto& path : paths) {
        std::ranges::move(read_file(path), std::back_inserter(cases));
    }
    return cases;
}

std::string answer_to(const std::string& text)
{
    const auto outcome = evaluate(text, Environment{});
    if (outcome) {
        return "it is accepted";
    }
    const auto& [at, message] = outcome.error();
    return fmt::format("{}:{}: {}", at.line, at.column, message);
}

class Refusals : public testing::TestWithParam<Refused> {};

TEST_P(Refusals, SaysWhereAndWhy)
{
    EXPECT_EQ(answer_to(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Testdata, Refusals, testing::ValuesIn(all_cases()),
                         [](const auto& refused) { return refused.param.name; });

TEST(RefusalFiles, NoTwoCasesAreTheSame)
{
    std::set<std::string> texts;
    for (const auto& refused : all_cases()) {
        EXPECT_TRUE(texts.insert(refused.text).second) << refused.name;
    }
}

} // namespace
} // namespace windsor::python
