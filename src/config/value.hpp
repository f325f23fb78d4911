// SPDX-License-Identifier: GPL-2.0-or-later
// The plain values that a configuration ends in, whichever dialect it was written in, in other notations.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "python/value.hpp"

namespace windsor::config {

using python::to_text;
using python::Value;

// As JSON. Bytes that are no UTF-8 become U+FFFD; infinities become null.
nlohmann::ordered_json to_json(const Value& value);

// A text with every byte that is no part of well-formed UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

// A text as one atom of an s-expression: quoted when it has to be.
std::string sxp_atom(std::string_view text);

} // namespace windsor::config
