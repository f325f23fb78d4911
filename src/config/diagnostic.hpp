// SPDX-License-Identifier: GPL-2.0-or-later
// Where something stands in a configuration text, and how a message about it reads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "python/position.hpp"

namespace windsor::config {

// One text that was read: a file, or an assignment on the command line.
struct Source {
    std::string name;
    std::string text;
};

using python::Position;

// A place in a particular text.
struct Location {
    std::shared_ptr<const Source> source;
    Position at;
    bool is_secret = false; // what stands there is not shown

    Location secret() const { return {source, at, true}; }
};

// "file:line:column: sentence", then the source line and a caret under the column.
std::string render(const Location& where, std::string_view sentence);

// Something that the user should know and that stops nothing.
struct Warning {
    Location where;
    std::string message;

    std::string text() const { return render(where, message); }
};

// The candidate that is nearest to the word by edit distance, if it is near enough to be what was meant; else empty.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> candidates);

} // namespace windsor::config
