// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/decode/switches.hpp"

#include "translate/kinds.hpp"

#include <algorithm>
#include <array>

namespace windsor::translate {

namespace {

constexpr auto kClassNames = std::to_array<std::string_view>(
    {"integer", "memory", "shift", "divide", "stack", "branch", "x87", "mmx", "sse", "system"});
static_assert(kClassNames.size() == static_cast<std::size_t>(Class::System) + 1);

// A name may be that of both a class and a kind.
bool switch_off(std::string_view name, Switches& switches)
{
    const auto* const of_class = std::ranges::find(kClassNames, name);
    const auto of_kind = std::ranges::find(kind_rows(), name, &KindRow::name);
    const bool is_class = of_class != kClassNames.end();
    const bool is_kind = of_kind != kind_rows().end();
    if (is_class) {
        switches.classes |= std::uint32_t{1} << (of_class - kClassNames.begin());
    }
    if (is_kind) {
        switches.kinds |= std::uint64_t{1} << static_cast<unsigned>(of_kind->kind);
    }
    return is_class || is_kind;
}

} // namespace

std::string_view name_of(Class which)
{
    return kClassNames[static_cast<std::size_t>(which)];
}

std::optional<Switches> parse_switches(std::string_view names)
{
    Switches switches;
    while (!names.empty()) {
        const std::size_t comma = std::min(names.find(','), names.size());
        if (!switch_off(names.substr(0, comma), switches)) {
            return std::nullopt;
        }
        names.remove_prefix(std::min(comma + 1, names.size()));
    }
    return switches;
}

} // namespace windsor::translate
