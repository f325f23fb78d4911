// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "domain/paths.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace windsor::toolstack {

// Starts a fresh domain from a saved configuration, as a domain process does for rename-restart: it has
// threads, so it cannot fork a domain itself and executes this program again.
struct Restart {
    std::filesystem::path source;       // the configuration's text
    std::vector<std::string> overrides; // key=value
    std::filesystem::path directory;    // in which relative paths of the configuration are meant
    domain::Paths paths;
    std::filesystem::path log; // takes the error, if there is one

    // Waits until the domain runs; false if it does not.
    bool operator()(const std::string& name) const;
};

} // namespace windsor::toolstack
