// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace windsor::domain {

using Uuid = std::array<std::uint8_t, 16>; // in text order

// From 32 hexadecimal digits with or without hyphens; all zero if the text is not such.
Uuid parse_uuid(std::string_view text);
// 8-4-4-4-12 lower-case digits.
std::string format_uuid(const Uuid& uuid);
// A random one, version 4 of RFC 9562.
Uuid random_uuid();

} // namespace windsor::domain
