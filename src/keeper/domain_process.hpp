// SPDX-License-Identifier: GPL-2.0-or-later
// The process that holds the guest.
#pragma once

#include "base/fd.hpp"
#include "keeper/charge.hpp"

namespace windsor::keeper {

// Builds the domain, says through the report how that went, and lives until it has ended. `requests` is the domain's
// end of the keeper's socket. To be called in a process of its own, which exits with what it gives: the registry's
// folder is the keeper's, so that the claim must not be destroyed here. On `news` the keeper says what it has made anew
// of it.
Ended live(Charge& charge, base::Fd requests, base::Fd news);

} // namespace windsor::keeper
