// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace windsor::machine {

// The contents of the firmware's files.
struct FirmwareFiles {
    std::vector<char> bios{};
    std::vector<char> vga_bios{};

    // Fails for a file that is missing, empty or larger than 16 MiB.
    static base::Result<FirmwareFiles> read(const std::string& bios, const std::string& vga_bios);
};

} // namespace windsor::machine
