// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace windsor::config {

// Reads a whole configuration file of 1 MiB at most. `purpose` names it in the error: "domain configuration".
base::Result<std::string> read_config_file(const std::string& path, std::string_view purpose);

// Whether there is anything at that path; an unreadable directory on the way counts as something.
bool config_file_exists(const std::string& path);

} // namespace windsor::config
