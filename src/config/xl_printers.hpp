// SPDX-License-Identifier: GPL-2.0-or-later
// What the listing of xl shows of keys by other types or with other units than their members have; rows of the table
// name these functions.
#pragma once

#include "config/keys.hpp"

namespace windsor::config {

nlohmann::ordered_json xl_disks(const KeyInfo& key, const DomainConfig& config);
nlohmann::ordered_json xl_kibibytes(const KeyInfo& key, const DomainConfig& config); // of a member in MiB
nlohmann::ordered_json xl_nics(const KeyInfo& key, const DomainConfig& config);
nlohmann::ordered_json xl_processors(const KeyInfo& key, const DomainConfig& config);
nlohmann::ordered_json xl_vga(const KeyInfo& key, const DomainConfig& config);
nlohmann::ordered_json xl_vnc(const KeyInfo& key, const DomainConfig& config);

} // namespace windsor::config
