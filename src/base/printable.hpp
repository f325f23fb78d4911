// SPDX-License-Identifier: GPL-2.0-or-later
// Text of others on its way to a terminal.
#pragma once

#include <string>
#include <string_view>

namespace windsor::base {

// The text, UTF-8, with question marks in the place of what terminals take for orders: control characters (C0, DEL and
// C1 of ECMA-48) other than the end of a line and the tabulator.
std::string printable(std::string_view text);

// The same in one line, for a log or a table: the end of a line and the tabulator become blanks.
std::string printable_line(std::string_view text);

} // namespace windsor::base
