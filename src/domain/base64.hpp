// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::domain {

// RFC 4648, section 4.
std::string to_base64(std::span<const std::uint8_t> bytes);
// Stops at the first character that does not belong.
std::vector<std::uint8_t> from_base64(std::string_view text);

} // namespace windsor::domain
