// SPDX-License-Identifier: GPL-2.0-or-later
// What Samba's server is told: smb.conf(5).
#pragma once

#include "share/folder.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace windsor::share {

// The oldest protocol that is spoken: SMB 1 is all that Windows XP and older ones know, and has no protection of what
// it carries.
enum class OldestProtocol : std::uint8_t { Smb1, Smb2 };

// `state` is a directory that is smbd's alone.
std::string smb_conf(std::span<const Folder> folders, const std::filesystem::path& state, OldestProtocol oldest);

} // namespace windsor::share
