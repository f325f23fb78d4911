// SPDX-License-Identifier: GPL-2.0-or-later
// Which texts a guest's SMBIOS tables have: those of the configuration, then those of its first start, or the host's.
#pragma once

#include "config/domain_config.hpp"
#include "domain/identity.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace windsor::toolstack {

// What Linux shows of the host's own tables.
inline constexpr const char* kHostSmbios = "/sys/class/dmi/id";

// Whether the host's texts may be others than those of the first start.
enum class HostTexts : std::uint8_t { Kept, Anew };

// Chooses `smbios_texts` of a configuration that has its UUID. `known` is what is known of the domain, if anything is.
// Adds a sentence for what the host does not show or what has changed there; fails if it shows nothing.
base::Status choose_smbios(config::DomainConfig& config, const std::optional<domain::Identity>& known, HostTexts host,
                           const std::filesystem::path& host_texts, std::vector<std::string>& warnings);

} // namespace windsor::toolstack
