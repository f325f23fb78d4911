// SPDX-License-Identifier: GPL-2.0-or-later
// Evaluates a text in the xm language: a small, limited subset of Python that can reach nothing of the host but what
// the Environment answers. Whole numbers divide as in Python 2, which that language is. docs/xm-language.md says what
// is in it.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "python/ast.hpp"
#include "python/value.hpp"

namespace windsor::python {

// What os.uname() says: sysname, nodename, release, version, machine.
using HostNames = std::array<std::string, 5>;

enum class PathQuestion { Exists, IsFile, IsDirectory };

struct Limits {
    std::uint64_t steps = 1'000'000; // evaluated expressions, or elements handled by a builtin
    std::uint64_t bytes = 64 << 20;  // all values ever made
    std::uint32_t depth = 600;       // nested expressions, statements and calls
    std::uint32_t text = 1 << 20;    // the length of any one string
};

struct Environment {
    HostNames host_names;
    std::function<bool(const std::string& path, PathQuestion question)> path_probe;
    // The value of an environment variable.
    std::function<std::optional<std::string>(const std::string& name)> variable;
    // Seconds since the start of 1970, and how many of them local time is ahead of UTC at such a time.
    std::function<double()> now;
    std::function<std::int64_t(std::int64_t seconds)> utc_offset;
    std::vector<std::pair<std::string, Value>> predefined; // variables that exist before the first line
    Limits limits;
};

// One global variable after evaluation.
struct Binding {
    Value value;
    bool plain = true;              // false for functions, modules and the like, which have no Value
    std::string kind;               // Python's name of its type
    bool assigned_directly = false; // by NAME = …, and not by a loop, an import, a def or unpacking
    Position key;
    Position value_at;
    std::vector<Position> items; // where each element stands, when the value is a list written out
};

struct Outcome {
    std::vector<std::pair<std::string, Binding>> bindings; // in the order of first assignment
    std::set<std::string> names_read;
    std::vector<SyntaxNote> notes;
    std::vector<std::string> printed; // one entry a line
};

std::expected<Outcome, Refusal> evaluate(std::string_view text, const Environment& environment);

// Evaluates one expression; its value must be a plain one.
std::expected<Value, Refusal> evaluate_expression(std::string_view text, const Environment& environment);

} // namespace windsor::python
