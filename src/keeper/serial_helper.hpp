// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "keeper/helper.hpp"
#include "keeper/serial_parts.hpp"

#include <memory>
#include <sys/types.h>

namespace windsor::keeper {

// Serves a domain's serial lines. `user` is whom root becomes behind the walls.
std::unique_ptr<Helper> serial_helper(SerialParts parts, sandbox::Mode walls, uid_t user);

} // namespace windsor::keeper
