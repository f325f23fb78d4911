// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "domain/registry.hpp"
#include "toolstack/command.hpp"

namespace windsor::toolstack {

// Ends a domain whatever its threads do: it is asked, and after a second its process is killed, of which it is made
// sure that it is this domain's. Returns when its name, its disks and its ports are free.
base::Status end_domain(const Context& context, const domain::Entry& entry);

} // namespace windsor::toolstack
