// SPDX-License-Identifier: GPL-2.0-or-later
// Values on the command line.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace windsor::toolstack {

// `what` names the value in the error.
base::Result<int> parse_integer(const std::string& text, std::string_view what, int least, int most);
// From 0 to `most`, fractions allowed.
base::Result<double> parse_seconds(const std::string& text, double most);
// A number from 0 to 7 (1 left, 2 right, 4 middle), or names joined by "+": left+right.
base::Result<int> parse_buttons(const std::string& text);

} // namespace windsor::toolstack
