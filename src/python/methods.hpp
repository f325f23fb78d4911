// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of methods, and of what modules hold.
#pragma once

#include <algorithm>
#include <ranges>
#include <span>
#include <string_view>

#include "python/interpreter.hpp"

namespace windsor::python {

struct Method {
    std::string_view name;
    BuiltinCall call;
};

template <typename Table> BuiltinCall look_up(const Table& table, std::string_view name)
{
    const auto found = std::ranges::find_if(table, [&](const Method& entry) { return entry.name == name; });
    return found == std::ranges::end(table) ? nullptr : found->call;
}

// Counts the work of a search: what it reads, and more for a long part, since each place may be compared at length.
void charge_search(Interpreter& interpreter, const std::string& text, const std::string& part);

std::span<const Method> string_search_methods(); // methods_string_search.cpp
std::span<const Method> string_split_methods();  // methods_string_split.cpp

// White space in ASCII, which is what strip(), split() and isspace() mean.
inline constexpr std::string_view kBlanks = " \t\r\n\f\v";

} // namespace windsor::python
