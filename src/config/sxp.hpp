// SPDX-License-Identifier: GPL-2.0-or-later
// S-expressions in the form of xend-config.sxp: parentheses, atoms, strings in either quotes, # comments.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace windsor::config {

// Either an atom, or a list of nodes.
struct SxpNode {
    bool is_list = false;
    std::string atom;
    std::vector<SxpNode> items;
    Position at;
};

// Parses a text of any number of s-expressions. Nesting and size are limited.
std::expected<std::vector<SxpNode>, Complaint> parse_sxp(const std::shared_ptr<const Source>& source);

} // namespace windsor::config
