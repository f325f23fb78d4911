// SPDX-License-Identifier: GPL-2.0-or-later
// Where things lie on the host.
#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace windsor::domain {

struct Paths {
    std::filesystem::path runtime; // registry: /run/windsor, or $XDG_RUNTIME_DIR/windsor
    std::filesystem::path data;    // what outlives a domain: /var/lib/windsor, or $XDG_DATA_HOME/windsor

    // From the user and environment of this process; WINDSOR_RUNTIME_DIR and WINDSOR_DATA_DIR go before all.
    // Nothing is created.
    static base::Result<Paths> of_user();

    // Where the log of the last domain of that name lies after its end. Empty for what cannot be a name.
    std::filesystem::path ended_log(const std::string& name) const;
};

} // namespace windsor::domain
