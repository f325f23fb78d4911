// SPDX-License-Identifier: GPL-2.0-or-later
// What a text learns of the host is what the Environment answers, and what it may use is what the Limits allow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "python/evaluate.hpp"

namespace windsor::python {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The value of an expression as text, or the sentence that refuses it.
std::string value_of(const std::string& expression, const Environment& environment)
{
    const auto outcome = evaluate("import os, re, socket, sys, time\nx = " + expression + "\n", environment);
    if (!outcome) {
        return outcome.error().message;
    }
    return to_text(outcome->bindings.back().second.value);
}

std::string refusal_of(const std::string& text, const Environment& environment)
{
    const auto outcome = evaluate(text, environment);
    return outcome ? "it is accepted" : outcome.error().message;
}

TEST(Environment, WithoutAnswersThereIsNothingToLearn)
{
    const Environment empty;
    EXPECT_EQ(value_of("os.uname()[0]", empty), "''");
    EXPECT_EQ(value_of("socket.gethostname()", empty), "''");
    EXPECT_EQ(value_of("os.path.exists('/')", empty), "False");
    EXPECT_EQ(value_of("os.getenv('HOME')", empty), "None");
    EXPECT_EQ(value_of("os.path.expanduser('~/a')", empty), "'~/a'");
    EXPECT_EQ(value_of("time.time()", empty), "0.0");
    EXPECT_EQ(value_of("time.ctime()", empty), "'Thu Jan  1 00:00:00 1970'");
}

TEST(Environment, HostNamesAreThoseOfTheHost)
{
    Environment environment;
    environment.host_names = {"Linux", "falstaff", "6.1", "#1", "x86_64"};
    EXPECT_EQ(value_of("list(os.uname())", environment), "['Linux', 'falstaff', '6.1', '#1', 'x86_64']");
    EXPECT_EQ(value_of("os.uname().nodename", environment), "'falstaff'");
    EXPECT_EQ(value_of("socket.gethostname()", environment), "'falstaff'");
}

TEST(Environment, PathsAreAskedForOneByOne)
{
    std::vector<std::string> asked;
    Environment environment;
    environment.path_probe = [&](const std::string& path, PathQuestion question) {
        asked.push_back(path);
        return question == PathQuestion::IsFile;
    };
    EXPECT_EQ(value_of("[os.path.isfile('/a'), os.path.isdir('/b'), os.path.exists('/c')]", environment),
              "[True, False, False]");
    EXPECT_THAT(asked, ElementsAre("/a", "/b", "/c"));
    asked.clear();
    EXPECT_EQ(value_of("os.path.exists('/a\\0b')", environment), "False");
    EXPECT_TRUE(asked.empty()) << "no path has a zero byte";
}

TEST(Environment, AskingCostsSteps)
{
    Environment environment;
    int asked = 0;
    environment.path_probe = [&](const std::string&, PathQuestion) { return ++asked > 0; };
    environment.variable = [&](const std::string&) { return std::to_string(++asked); };
    environment.limits.steps = 10'000;
    EXPECT_THAT(value_of("[os.path.exists('/a') for i in range(1000)]", environment), HasSubstr("10000 steps"));
    EXPECT_THAT(value_of("[os.getenv('A') for i in range(1000)]", environment), HasSubstr("10000 steps"));
    EXPECT_LT(asked, 250);
}

TEST(Environment, VariablesAreReadByNameButSecretsAreNot)
{
    std::vector<std::string> asked;
    Environment environment;
    environment.variable = [&](const std::string& name) -> std::optional<std::string> {
        asked.push_back(name);
        return name == "VMID" ? std::optional<std::string>{"7"} : std::nullopt;
    };
    EXPECT_EQ(value_of("'vm' + os.environ['VMID'] + os.getenv('NONE', '!')", environment), "'vm7!'");
    EXPECT_EQ(value_of("'VMID' in os.environ", environment), "True");
    EXPECT_THAT(asked, ElementsAre("VMID", "NONE", "VMID"));
    asked.clear();
    for (const std::string name : {"PASSWORD", "db_passwd", "GITHUB_TOKEN", "ApiKey", "SSH_AUTH_SOCK", "MY_SECRET"}) {
        EXPECT_THAT(value_of("os.environ.get('" + name + "')", environment), HasSubstr("may hold a secret")) << name;
    }
    for (const std::string name : {"", "A=B", "A\\0B"}) {
        EXPECT_EQ(value_of("os.getenv('" + name + "')", environment), "None") << name;
    }
    EXPECT_TRUE(asked.empty());
}

TEST(Environment, LocalTimeIsAheadOfUtcByTheOffset)
{
    Environment environment;
    environment.now = [] { return 951'782'399.75; };
    environment.utc_offset = [](std::int64_t seconds) { return seconds > 951'000'000 ? 7200 : 3600; };
    EXPECT_EQ(value_of("time.time()", environment), "951782399.75");
    EXPECT_EQ(value_of("time.strftime('%F %T')", environment), "'2000-02-29 01:59:59'");
    EXPECT_EQ(value_of("time.strftime('%F %T', time.gmtime())", environment), "'2000-02-28 23:59:59'");
    EXPECT_EQ(value_of("time.localtime(0).tm_hour", environment), "1");
    environment.utc_offset = [](std::int64_t) { return INT64_MAX; };
    EXPECT_EQ(value_of("time.localtime(0)[:3]", environment), "(1970, 1, 2)") << "no offset is more than a day";
}

TEST(Environment, AClockThatIsNotSensibleIsRefused)
{
    Environment environment;
    environment.now = [] { return 1e30; };
    EXPECT_EQ(value_of("time.localtime()", environment), "localtime() knows the years 1 to 9999 only");
}

TEST(Limits, StepsBoundTheWork)
{
    Environment environment;
    environment.limits.steps = 1000;
    EXPECT_EQ(refusal_of("while True: pass", environment), "the evaluation takes more than 1000 steps");
    EXPECT_EQ(refusal_of("x = sorted(range(2000))", environment), "the evaluation takes more than 1000 steps");
    EXPECT_EQ(refusal_of("x = [i for i in range(100)]", environment), "it is accepted");
}

TEST(Limits, BytesBoundAllValuesEverMade)
{
    Environment environment;
    environment.limits.bytes = 1 << 20;
    EXPECT_EQ(refusal_of("x = [str(i) * 1000 for i in range(2000)]", environment),
              "the evaluation needs more than 1 MiB of memory");
    EXPECT_EQ(refusal_of("for i in range(2000): x = 'a' * 1000", environment),
              "the evaluation needs more than 1 MiB of memory");
    EXPECT_EQ(refusal_of("x = 'a' * 100000", environment), "it is accepted");
}

TEST(Limits, TextBoundsEachString)
{
    Environment environment;
    environment.limits.text = 100;
    for (const std::string expression :
         {"'a' * 101", "'a' * 60 + 'b' * 60", "'a' * 50 + 'b' * 50 + 'c'", "','.join(['ab'] * 50)",
          "'%s%s' % ('a' * 60, 'b' * 60)", "'{0}{0}'.format('a' * 60)", "f\"{'a' * 60}{'b' * 60}\"",
          "('a' * 60).replace('a', 'bb')", "'a'.ljust(101)", "'7'.zfill(101)", "'\\t'.expandtabs(101)",
          "re.sub('a', 'bb', 'a' * 60)", "repr(['a' * 60, 'b' * 60])", "str(range(100))"}) {
        EXPECT_EQ(value_of(expression, environment), "a string grows longer than 100 bytes") << expression;
    }
    EXPECT_EQ(refusal_of("x = 'a' * 100", environment), "it is accepted");
}

TEST(Limits, DepthBoundsTheStack)
{
    Environment environment;
    environment.limits.depth = 50;
    const std::string wanted = "calls and expressions are nested more than 50 levels deep";
    EXPECT_EQ(refusal_of("def f(n): return n and f(n - 1)\nf(100)", environment), wanted);
    EXPECT_EQ(refusal_of("x = []\nfor i in range(100): x = [x]\ny = x == [x]\nz = repr(x)", environment), wanted);
    EXPECT_EQ(refusal_of("x = ()\nfor i in range(100): x = (x,)\ny = {x: 1}", environment), wanted);
    EXPECT_EQ(refusal_of("def f(n): return n and f(n - 1)\nf(5)", environment), "it is accepted");
}

TEST(Limits, AnExpressionHasThemToo)
{
    Environment environment;
    environment.limits.steps = 100;
    const auto value = evaluate_expression("[i for i in range(1000)]", environment);
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().message, "the evaluation takes more than 100 steps");
}

} // namespace
} // namespace windsor::python
