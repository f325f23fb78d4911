// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of a domain's control socket for people, from the table of them.
#pragma once

#include "domain/method.hpp"
#include "toolstack/command.hpp"

#include <string>

namespace windsor::toolstack {

// The list of methods.
std::string rpc_overview(const Context& context);
// One of them: what it takes and gives, when, and to whom.
std::string rpc_help_for(const domain::Method& method, const Context& context);
// docs/control-socket.md.
std::string rpc_page();

// What `help rpc` and `help rpc METHOD` do.
base::Result<int> help_rpc(Context& context, const Arguments& arguments);

} // namespace windsor::toolstack
