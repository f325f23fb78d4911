// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.hpp"
#include "display/vnc_listener.hpp"
#include "keeper/helper.hpp"

#include <memory>
#include <sys/types.h>

namespace windsor::keeper {

// Serves a domain's viewers: it has the listening socket, the picture and a connection to the domain.
struct ConsoleHelperParts {
    display::VncListener listener;
    display::VncOptions options;
    base::Fd frame;
    base::Fd events;
    base::Fd wake;
    sandbox::Mode walls{sandbox::Mode::On};
    uid_t user{65534}; // that root becomes behind them
};

std::unique_ptr<Helper> console_helper(ConsoleHelperParts parts);

} // namespace windsor::keeper
