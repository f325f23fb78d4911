// SPDX-License-Identifier: GPL-2.0-or-later
// Consoles for people, as the commands and `create` open them.
#pragma once

#include "toolstack/command.hpp"
#include "toolstack/terminal.hpp"
#include "toolstack/viewer.hpp"

#include <string>

namespace windsor::toolstack {

enum class Password { Ask, HandOver };

// Joins standard input and output to the domain's serial line until the user leaves.
base::Result<int> open_console(Context& context, const std::string& domain, char escape_key = kEscapeKey);

// The viewer for the domain's VNC console.
base::Result<ViewerCommand> viewer_for(const Context& context, const std::string& domain, Password password);

} // namespace windsor::toolstack
