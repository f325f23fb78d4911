// SPDX-License-Identifier: GPL-2.0-or-later
// Files that concern one user only: configurations may hold passwords.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string_view>

namespace windsor::base {

// Replaces `path` as a whole or not at all, with a file of mode 0600 whatever the umask says.
Status write_private_file(const std::filesystem::path& path, std::string_view text);

} // namespace windsor::base
