// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "toolstack/command.hpp"

#include <string>
#include <string_view>

namespace windsor::toolstack {

// The text with line ends between words, so that no line is longer than `columns`; the second line and those after it
// begin with `indent` blanks. A word that is longer stays whole.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent = 0);

// The list of commands.
std::string help_overview(const Context& context);

// The manual pages windsor(1) and xm(1) in man(7) troff, from the table of commands.
std::string man_page_windsor();
std::string man_page_xm();

} // namespace windsor::toolstack
