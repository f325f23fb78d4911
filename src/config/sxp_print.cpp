// SPDX-License-Identifier: GPL-2.0-or-later
// The layout is that of Xen's tools/python/xen/xend/PrettyPrint.py, with a width of 80.
#include "config/sxp.hpp"

#include <algorithm>

#include "config/value.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 4;
constexpr std::ptrdiff_t kRecord = 3;

std::string atom_text(const std::string& atom)
{
    return atom.empty() ? "" : sxp_atom(atom);
}

std::string flat(const SxpNode& node)
{
    if (!node.is_list) {
        return atom_text(node.atom);
    }
    std::string text = "(";
    for (const SxpNode& item : node.items) {
        text += (text.size() > 1 ? " " : "") + flat(item);
    }
    return text + ')';
}

// xend's devices are records of so many entries that they never fit into a line. They must not do so here either:
// people's scripts read them line by line.
bool is_record(const SxpNode& node)
{
    return node.is_list && !node.items.empty() && !node.items.front().is_list &&
           std::ranges::count_if(node.items, &SxpNode::is_list) >= kRecord;
}

bool has_record(const SxpNode& node)
{
    return is_record(node) || std::ranges::any_of(node.items, has_record);
}

void print(std::string& text, const SxpNode& node, std::size_t column)
{
    const std::string line = flat(node);
    if (!node.is_list || (column + line.size() <= kWidth && !has_record(node))) {
        text += line;
        return;
    }
    text += '(';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) {
            text += '\n' + std::string(column + kIndent, ' ');
        }
        print(text, node.items[i], column + (i > 0 ? kIndent : 1));
    }
    text += '\n' + std::string(column, ' ') + ')';
}

} // namespace

std::string print_sxp(const SxpNode& node)
{
    std::string text;
    print(text, node, 0);
    return text;
}

} // namespace windsor::config
