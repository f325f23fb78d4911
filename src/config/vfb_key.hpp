// SPDX-License-Identifier: GPL-2.0-or-later
// The key vfb, which says in one string what vnc, vnclisten, vncpasswd and their like say of an hvm guest's console.
#pragma once

#include <expected>
#include <vector>

#include "config/settings.hpp"

namespace windsor::config {

// The settings with those of vfb's entries beside them, as xend merged the two. What the command line says of a key
// goes before; where the file contradicts itself, nobody can tell who shall see the console, and it is refused.
std::expected<Settings, Complaint> with_vfb(Settings settings, std::vector<Warning>& warnings);

} // namespace windsor::config
