// SPDX-License-Identifier: GPL-2.0-or-later
// The tests that are written in the language itself: each file in testdata/ says by `assert` how it behaves. CPython 3
// passes those files too, except where the name begins with py2_ or xm_.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "python/evaluate.hpp"

namespace windsor::python {
namespace {

std::vector<std::string> script_names()
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{WINDSOR_PYTHON_TESTDATA}) {
        if (entry.path().extension() == ".py") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

std::string text_of(const std::string& name)
{
    std::ifstream file{std::string{WINDSOR_PYTHON_TESTDATA} + "/" + name + ".py"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// A host on which the assertions of the scripts hold.
Environment script_environment()
{
    Environment environment;
    environment.host_names = {"Linux", "falstaff", "6.1.0", "#1 SMP", "x86_64"};
    environment.path_probe = [](const std::string& path, PathQuestion question) {
        const bool directory = path == "/" || path == "/etc";
        return question == PathQuestion::IsFile
                   ? path == "/etc/passwd"
                   : directory || (question == PathQuestion::Exists && path == "/etc/passwd");
    };
    environment.variable = [](const std::string& name) -> std::optional<std::string> {
        return name == "HOME" ? std::optional<std::string>{"/root"} : std::nullopt;
    };
    environment.now = [] { return 1'300'000'000.25; };
    environment.utc_offset = [](std::int64_t) { return 3600; };
    return environment;
}

class Script : public testing::TestWithParam<std::string> {};

TEST_P(Script, Holds)
{
    const auto text = text_of(GetParam());
    ASSERT_NE(text.find("assert "), std::string::npos);
    const auto outcome = evaluate(text, script_environment());
    if (!outcome) {
        const auto& [at, message] = outcome.error();
        FAIL() << "testdata/" << GetParam() << ".py:" << at.line << ":" << at.column << ": " << message;
    }
}

INSTANTIATE_TEST_SUITE_P(Testdata, Script, testing::ValuesIn(script_names()),
                         [](const auto& script) { return script.param; });

} // namespace
} // namespace windsor::python
