// SPDX-License-Identifier: GPL-2.0-or-later
// Whether values of a configuration are of the type that a key wants, as generously as xm and xl take them.
#pragma once

#include "config/keys.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace windsor::config {

// Whole numbers, also as text, as floating-point and as booleans.
std::optional<std::int64_t> as_integer(const Value& value);
// 0 and 1, also as text; yes, no, on, off.
std::optional<bool> as_boolean(const Value& value);
bool has_type(const Value& value, KeyType type);
// For messages: "a number", "a text" …
std::string_view type_phrase(KeyType type);

} // namespace windsor::config
