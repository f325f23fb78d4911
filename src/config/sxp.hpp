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

    static SxpNode of(std::string text) { return {.is_list = false, .atom = std::move(text), .items = {}, .at = {}}; }
    static SxpNode list(std::vector<SxpNode> items)
    {
        return {.is_list = true, .atom = {}, .items = std::move(items), .at = {}};
    }
    // "(name value)", which is what most of xend's lists are.
    static SxpNode entry(std::string name, std::string value)
    {
        return list({of(std::move(name)), of(std::move(value))});
    }
};

// Parses a text of any number of s-expressions. Nesting and size are limited.
std::expected<std::vector<SxpNode>, Complaint> parse_sxp(const std::shared_ptr<const Source>& source);

// The node as xm prints it: what fits into a line of 80 columns stays together, other lists have one element a line.
// An empty atom is printed as nothing, which is how xend shows what is not set.
std::string print_sxp(const SxpNode& node);

} // namespace windsor::config
