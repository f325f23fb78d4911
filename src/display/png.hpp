// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "backend/screen.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace windsor::display {

// The bytes of a PNG file, 8 bits a colour. Fails if there is no picture yet.
base::Result<std::vector<std::uint8_t>> encode_png(const backend::Picture& picture);

// Writes (or replaces) a PNG file, 8 bits a colour.
base::Status write_png(const backend::Picture& picture, const std::string& path);

} // namespace windsor::display
