// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <string>

namespace windsor::domain {

// What a domain's process cannot do behind its walls, and has its keeper do.
class KeeperServices {
public:
    virtual ~KeeperServices() = default;
    // Renames its place in the registry; false if a running domain has that name.
    virtual base::Result<bool> rename(const std::string& name) = 0;
    // Opens the image of a disk of the configuration, by its slot.
    virtual base::Result<base::Fd> open_image(unsigned slot) = 0;
    // Starts a fresh domain of the same configuration, for rename-restart.
    virtual base::Status restart(const std::string& name) = 0;
    // Ends the processes that serve the console and networks, and gives their ports back.
    virtual base::Status stop_helpers() = 0;
    // Takes note that the domain ends now: its process must not outlive that by much, whatever its threads do.
    virtual void ending() = 0;
};

} // namespace windsor::domain
