// SPDX-License-Identifier: GPL-2.0-or-later
// What firmware expects in CMOS RAM.
#pragma once

#include "devices/rtc/rtc.hpp"

#include <cstdint>
#include <string_view>

namespace windsor::machine {

// Memory sizes and the boot order, where SeaBIOS looks for them. `memory` in bytes.
void fill_cmos(devices::rtc::Rtc& rtc, std::uint64_t memory, std::string_view boot);

} // namespace windsor::machine
