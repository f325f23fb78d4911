// SPDX-License-Identifier: GPL-2.0-or-later
// The key smbios: the texts of the machine's SMBIOS tables.
#pragma once

#include "config/reading.hpp"

namespace windsor::config {

// Asks for the host's own texts, where the configuration says no others.
inline constexpr std::string_view kHostTexts = "host";

void read_smbios(const KeyInfo& key, const Setting& setting, Reading& reading);
// As libxl's pairs of key and value, as far as it has the keys.
nlohmann::ordered_json xl_smbios(const KeyInfo& key, const DomainConfig& config);

bool wants_host_texts(const DomainConfig& config);
// What the configuration says itself, WORD=TEXT each.
std::vector<std::string> own_texts(const DomainConfig& config);

// Whether a drive can tell them: printable characters, as many as there is room for.
bool is_sensible(const DriveTexts& told);

// Whether it is what a configuration can say, and a guest be told: out of a saved state it may be anything.
bool has_sensible_texts(const DomainConfig& config);

} // namespace windsor::config
