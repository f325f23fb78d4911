// SPDX-License-Identifier: GPL-2.0-or-later
// A folder of the host's that the guest finds as a share, as the key share spells it.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::share {

enum class Access : std::uint8_t { ReadOnly, ReadWrite };

struct Folder {
    std::string path; // absolute
    std::string name; // the guest's for it
    Access access{Access::ReadOnly};

    bool operator==(const Folder&) const = default;
};

// So many does a guest's list of shares show at once.
constexpr std::size_t kMostFolders = 16;
// Longer ones are not found by Windows 98 and older.
constexpr std::size_t kLongestName = 12;

// Reads "PATH[,rw|,ro][,name=NAME]". Without a name, it is the last part of the path. Fails with a sentence that says
// what is wrong.
base::Result<Folder> parse_folder(std::string_view text);

// All of them; no two may have the same name, of which guests ignore the case.
base::Result<std::vector<Folder>> parse_folders(const std::vector<std::string>& texts);

// "/srv/files as \\10.0.2.4\files, read-only".
std::string to_string(const Folder& folder, std::string_view server);

} // namespace windsor::share
