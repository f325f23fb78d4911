// SPDX-License-Identifier: GPL-2.0-or-later
// What firmware expects in CMOS RAM.
#pragma once

#include "devices/rtc/rtc.hpp"

#include <cstdint>
#include <string_view>

namespace windsor::machine {

struct CmosOptions {
    std::uint64_t memory;  // bytes
    std::string_view boot; // the boot order, see Options
    unsigned processors;
};

// Puts all of it where SeaBIOS looks for it.
void fill_cmos(devices::rtc::Rtc& rtc, const CmosOptions& options);

} // namespace windsor::machine
