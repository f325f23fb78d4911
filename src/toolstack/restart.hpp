// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "domain/paths.hpp"
#include "domain/saved_domain.hpp"

#include <string>
#include <sys/types.h>

namespace windsor::toolstack {

// Starts a fresh domain from a domain's configuration, as its nursery does for rename-restart: by executing this
// program again, so that the new domain has nothing of the old one's but the configuration.
struct Restart {
    domain::Origin origin;
    domain::Paths paths;

    // The process that starts it. Its exit status is 0 when the domain runs. The descriptor takes the error, if there
    // is one.
    base::Result<pid_t> operator()(int errors, const std::string& name) const;
};

} // namespace windsor::toolstack
