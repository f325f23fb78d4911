// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "keeper/helper.hpp"
#include "keeper/share_parts.hpp"

#include <memory>

namespace windsor::keeper {

// Serves a domain's shared folders, whose gate is another's.
std::unique_ptr<Helper> share_helper(ShareParts parts, sandbox::Mode walls);

} // namespace windsor::keeper
