// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "toolstack/command.hpp"

#include <string>

namespace windsor::toolstack {

// The list of commands.
std::string help_overview(const Context& context);

// The manual pages windsor(1) and xm(1) in man(7) troff, from the table of commands.
std::string man_page_windsor();
std::string man_page_xm();

} // namespace windsor::toolstack
