// SPDX-License-Identifier: GPL-2.0-or-later
// What a keeper is given.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "domain/domain.hpp"
#include "domain/paths.hpp"
#include "domain/registry.hpp"

#include <functional>
#include <string>
#include <sys/types.h>

namespace windsor::keeper {

struct Charge {
    domain::Settings settings;
    domain::Claim claim;
    base::Fd report; // as ProcessParts::report
    domain::Paths paths;
    // Begins a fresh domain of the same configuration under another name, whose errors go to that descriptor; gives the
    // process whose exit status says whether it runs. For rename-restart.
    std::function<base::Result<pid_t>(int errors, const std::string& name)> restart{};
};

} // namespace windsor::keeper
