// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/paths.hpp"
#include "domain/saved_domain.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::toolstack {

// What a configuration has for the keys that no saved state decides, as settings KEY=VALUE. The switches that a saved
// state can only turn on are among them if they are on.
std::vector<std::string> settings_of_this_host(const config::DomainConfig& config);

// Starts a fresh domain from a domain's configuration, as its nursery does for rename-restart: by executing this
// program again, so that the new domain has nothing of the old one's but the configuration.
struct Restart {
    domain::Origin origin;
    domain::Paths paths;
    // Settings that hold against all that the origin says, which may be a stranger's.
    std::vector<std::string> own{};

    // KEY=VALUE; of one key the last counts.
    std::vector<std::string> settings() const;

    // The process that starts it. Its exit status is 0 when the domain runs. The descriptor takes the error, if there
    // is one.
    base::Result<pid_t> operator()(int errors, const std::string& name) const;
};

} // namespace windsor::toolstack
