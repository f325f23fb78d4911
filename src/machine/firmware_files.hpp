// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "machine/network_model.hpp"

#include <map>
#include <string>
#include <vector>

namespace windsor::machine {

// The contents of the firmware's files.
struct FirmwareFiles {
    std::vector<char> bios{};
    std::vector<char> vga_bios{};

    // The expansion ROMs of network cards, by which the firmware boots from the network.
    std::map<NetworkModel, std::vector<char>> network{};

    // Fails for a file that is missing, empty or larger than 16 MiB.
    static base::Result<FirmwareFiles> read(const std::string& bios, const std::string& vga_bios);
    // Adds a network card's. Fails in the same way.
    base::Status read_network_rom(NetworkModel model);
};

} // namespace windsor::machine
