// SPDX-License-Identifier: GPL-2.0-or-later
// docs/xm-language.md names what exists: every builtin function and method in its tables, and no other is left out.
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "python/builtins.hpp"
#include "python/modules.hpp"

namespace windsor::python {
namespace {

using Names = std::set<std::string>;

// The lines below a heading of the second level.
std::string section(std::string_view heading)
{
    std::ifstream file{WINDSOR_PYTHON_DOCUMENTATION};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto start = text.find("## " + std::string{heading} + "\n");
    return start == std::string::npos ? "" : text.substr(start, text.find("\n## ", start) - start);
}

// The names in backticks in a text.
Names names_in(std::string_view text)
{
    Names names;
    for (auto open = text.find('`'); open != std::string_view::npos; open = text.find('`', open)) {
        const auto close = text.find('`', open + 1);
        names.emplace(text.substr(open + 1, close - open - 1));
        open = close + 1;
    }
    return names;
}

// The row of a table that begins with a name, without that name.
std::string row_of(const std::string& table, std::string_view name)
{
    const auto head = "| `" + std::string{name} + "` |";
    const auto start = table.find(head);
    return start == std::string::npos
               ? ""
               : table.substr(start + head.size(), table.find('\n', start) - start - head.size());
}

TEST(Documentation, EveryBuiltinFunctionIsNamed)
{
    Names documented = names_in(section("Builtin functions"));
    for (const auto table : {number_builtins(), sequence_builtins()}) {
        for (const auto& builtin : table) {
            EXPECT_TRUE(documented.contains(std::string{builtin.name})) << builtin.name;
        }
    }
    for (const std::string word : {"key", "default", "reverse"}) {
        documented.erase(word);
    }
    for (const auto& name : documented) {
        bool is_type = false;
        EXPECT_NE(find_builtin(name, is_type), nullptr) << name;
    }
}

TEST(Documentation, EveryMethodExists)
{
    const auto table = section("Methods");
    const std::pair<const char*, BuiltinCall (*)(std::string_view)> types[] = {{"str", find_string_method},
                                                                               {"list", find_list_method},
                                                                               {"tuple", find_tuple_method},
                                                                               {"dict", find_dict_method},
                                                                               {"set", find_set_method}};
    for (const auto& [type, find] : types) {
        const auto names = names_in(row_of(table, type));
        EXPECT_GE(names.size(), 2U) << type;
        for (const auto& name : names) {
            EXPECT_NE(find(name), nullptr) << type << "." << name;
        }
    }
}

TEST(Documentation, EveryMethodOfStringsIsNamed)
{
    const auto names = names_in(row_of(section("Methods"), "str"));
    for (const auto table : {string_search_methods(), string_split_methods()}) {
        for (const auto& method : table) {
            EXPECT_TRUE(names.contains(std::string{method.name})) << method.name;
        }
    }
}

TEST(Documentation, ModulesHaveWhatTheirRowsName)
{
    const auto table = section("Modules");
    const Environment environment;
    for (const auto* name : {"os", "os.path", "re", "socket", "sys", "time"}) {
        Tree tree;
        Interpreter interpreter{environment, tree};
        const auto* module = make_module(interpreter, name);
        ASSERT_NE(module, nullptr) << name;
        Names documented = names_in(row_of(table, name));
        EXPECT_FALSE(documented.empty()) << name;
        for (auto member : documented) {
            member = member.substr(0, member.find('('));
            EXPECT_TRUE(module->members.contains(member)) << name << "." << member;
        }
    }
}

TEST(Documentation, LimitsAreThoseOfTheCode)
{
    const Limits limits;
    const auto table = section("Limits");
    EXPECT_NE(table.find("| 1,000,000 |"), std::string::npos);
    EXPECT_EQ(limits.steps, 1'000'000U);
    EXPECT_NE(table.find("| memory of all values that are ever made | 64 MiB |"), std::string::npos);
    EXPECT_EQ(limits.bytes, 64U << 20);
    EXPECT_NE(table.find("| one string | 1 MiB |"), std::string::npos);
    EXPECT_EQ(limits.text, 1U << 20);
    EXPECT_NE(table.find("| nested calls, expressions and values | 600 |"), std::string::npos);
    EXPECT_EQ(limits.depth, 600U);
}

} // namespace
} // namespace windsor::python
