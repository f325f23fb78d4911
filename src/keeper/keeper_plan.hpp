// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/domain_config.hpp"
#include "domain/paths.hpp"
#include "sandbox/enclose.hpp"

#include <filesystem>

namespace windsor::keeper {

// The walls around the keeper of a domain of this configuration. Within reach are its images and what the directory
// holds in which the run-time directory lies, as that is made again when somebody has removed it.
sandbox::Plan plan_for_keeper(const config::DomainConfig& config, const std::filesystem::path& directory,
                              const domain::Paths& paths);

} // namespace windsor::keeper
