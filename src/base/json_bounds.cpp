// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_bounds.hpp"

namespace windsor::base {

bool within_bounds(std::string_view text, const JsonBounds& bounds)
{
    if (text.size() > bounds.bytes) {
        return false;
    }
    unsigned depth = 0;
    std::size_t values = 1;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0; // whatever is escaped ends no string
            in_string = c != '"';
            continue;
        }
        switch (c) {
        case '"': in_string = true; break;
        case '[':
        case '{': ++depth; ++values; break;
        case ']':
        case '}': depth -= depth == 0 ? 0 : 1; break;
        case ',': ++values; break;
        default: break;
        }
        if (depth > bounds.depth || values > bounds.values) {
            return false;
        }
    }
    return true;
}

} // namespace windsor::base
