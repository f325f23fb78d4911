// SPDX-License-Identifier: GPL-2.0-or-later
// How builtin functions take their arguments.
#include <algorithm>

#include "python/interpreter.hpp"

namespace windsor::python {

void Arguments::expect(std::size_t least, std::size_t most) const
{
    if (!keywords.empty()) {
        interpreter.fail("{}() takes no argument named '{}' here", function, keywords.front().first);
    }
    if (positional.size() < least || positional.size() > most) {
        const auto wanted = least == most ? fmt::format("{}", least)
                            : most > 1000 ? fmt::format("{} or more", least)
                                          : fmt::format("{} to {}", least, most);
        interpreter.fail("{}() takes {} argument{}, and {} are given", function, wanted, wanted == "1" ? "" : "s",
                         positional.size());
    }
}

std::optional<Item> Arguments::take_keyword(std::string_view name)
{
    const auto found = std::ranges::find_if(keywords, [&](const auto& entry) { return entry.first == name; });
    if (found == keywords.end()) {
        return std::nullopt;
    }
    auto item = found->second;
    keywords.erase(found);
    return item;
}

std::optional<Item> Arguments::optional(std::size_t index, std::string_view keyword)
{
    if (auto named = take_keyword(keyword)) {
        return named;
    }
    return index < positional.size() ? std::optional{positional[index]} : std::nullopt;
}

const std::string& Arguments::string(std::size_t index) const
{
    return interpreter.text(positional.at(index), fmt::format("the argument of {}()", function));
}

std::int64_t Arguments::integer(std::size_t index) const
{
    return interpreter.integer(positional.at(index), fmt::format("the argument of {}()", function));
}

} // namespace windsor::python
