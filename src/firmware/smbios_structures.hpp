// SPDX-License-Identifier: GPL-2.0-or-later
// SMBIOS structures that come from a file: xl.cfg(5), smbios_firmware.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::firmware {

constexpr std::size_t kMostSmbiosFile = 16 << 10; // the tables have 64 KiB, with all texts and processors
constexpr std::size_t kMostSmbiosStructures = 64;

struct SmbiosStructure {
    std::uint8_t type;
    std::vector<std::uint8_t> bytes; // its formatted area and its strings, up to their end
};

// The file: of each structure its size in 32 bits, least significant byte first, and then itself. It may have one each
// of the types 0, 1, 2, 3, 11, 22 and 39, which take the place of Windsor's, and any of a maker's own, 128 to 255. The
// error is a sentence that says which structure is wrong. Takes any bytes.
base::Result<std::vector<SmbiosStructure>> parse_smbios_structures(std::span<const std::uint8_t> file);

} // namespace windsor::firmware
