// SPDX-License-Identifier: GPL-2.0-or-later
// Passwords in configurations: wherever one is shown, these stand in for them.
#pragma once

#include "config/value.hpp"

#include <string>
#include <string_view>

namespace windsor::config {

// What is shown instead of a password, of whatever length; xend shows the same.
constexpr std::string_view kHidden = "XXXXXXXX";

// A key's value as it may be shown: of vncpasswd and its like nothing, and of device descriptions ('vnc=1,vncpasswd=x')
// all but the password. An empty password, which means none, stays.
Value without_secrets(std::string_view key, const Value& value);

} // namespace windsor::config
