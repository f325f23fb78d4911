// SPDX-License-Identifier: GPL-2.0-or-later
// What firmware expects in CMOS RAM.
#pragma once

#include "chipset/outlets.hpp"

#include <cstdint>
#include <string_view>

namespace windsor::machine {

struct CmosOptions {
    std::uint64_t memory;  // bytes
    std::string_view boot; // the boot order, see MachineSpec
    unsigned processors;
    std::uint8_t floppies{0}; // the types of the drives: the first in the upper four bits
};

// Puts all of it where SeaBIOS looks for it.
void fill_cmos(chipset::Cmos& cmos, const CmosOptions& options) WINDSOR_REQUIRES(bus::kMachineLock);

} // namespace windsor::machine
