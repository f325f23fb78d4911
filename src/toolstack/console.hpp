// SPDX-License-Identifier: GPL-2.0-or-later
// Consoles for people, as the commands and `create` open them.
#pragma once

#include "toolstack/command.hpp"
#include "toolstack/terminal.hpp"
#include "toolstack/viewer.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace windsor::toolstack {

enum class Password { Ask, HandOver };

// Joins standard input and output to a serial line of the domain's until the user leaves: that of a port, counted from
// 0, or of the first one that has a terminal.
base::Result<int> open_console(Context& context, const std::string& domain, char escape_key = kEscapeKey,
                               std::optional<std::size_t> port = std::nullopt);

// The viewer for the domain's VNC console.
base::Result<ViewerCommand> viewer_for(const Context& context, const std::string& domain, Password password);

} // namespace windsor::toolstack
