// SPDX-License-Identifier: GPL-2.0-or-later
// JSON from whom nobody trusts: parsers build a tree in memory, and many things that walk one (printing, copying) call
// themselves for each level, so that depth is stack. What goes too far is refused before it is parsed.
#pragma once

#include <cstddef>
#include <string_view>

namespace windsor::base {

// Far above what Windsor writes itself.
struct JsonBounds {
    std::size_t bytes{64u << 20};
    unsigned depth{64};          // of arrays and objects in each other
    std::size_t values{200'000}; // members and elements together
};

// Says nothing about whether `text` is JSON at all, only that a parser has no more to do with it than that.
bool within_bounds(std::string_view text, const JsonBounds& bounds = {});

// A discarded value, as nlohmann::json has it, if `text` is not JSON or goes beyond the bounds.
template <typename Json> Json parse_json(std::string_view text, const JsonBounds& bounds = {})
{
    return within_bounds(text, bounds) ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
}

} // namespace windsor::base
