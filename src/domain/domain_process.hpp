// SPDX-License-Identifier: GPL-2.0-or-later
// The process that holds the guest.
#pragma once

#include "base/fd.hpp"
#include "domain/domain.hpp"
#include "domain/registry.hpp"

namespace windsor::domain {

// The exit status of a domain's process, and of its keeper after it.
enum class Ended : int {
    Lived = 0,
    NotMade = 1,  // and the report says why
    Killed = 128, // plus the number of the signal: of the keeper only
};

// What a domain's process is given.
struct ProcessParts {
    Settings& settings;
    // The registry's folder is the keeper's: the claim must not be destroyed in the domain's process.
    Claim& claim;
    // Takes one JSON object, when the domain is built: its status, or {"error": sentence}.
    base::Fd report;
    // The domain's ends of its keeper's sockets: of a KeeperLink, and of that on which KeeperNotices come.
    base::Fd requests;
    base::Fd news;
};

// Builds the domain, says through the report how that went, and lives until it has ended. To be called in a process of
// its own, which exits with what it gives.
Ended live(ProcessParts parts);

} // namespace windsor::domain
