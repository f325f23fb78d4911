// SPDX-License-Identifier: GPL-2.0-or-later
// From settings to a checked domain configuration.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/domain_config.hpp"
#include "config/settings.hpp"

namespace windsor::config {

// Checks every known key against the table and fills a DomainConfig. `default_name` is used if the file has no name.
std::expected<DomainConfig, Complaint> build_domain(const Settings& settings, std::string_view default_name,
                                                    std::vector<Warning>& warnings);

// The engine that a word names; nothing if it names none.
std::optional<EngineChoice> engine_from(std::string_view word);

} // namespace windsor::config
