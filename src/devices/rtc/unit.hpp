// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"
#include "devices/rtc/rtc.hpp"

namespace windsor::devices::rtc {

// Two ranges of 2 ports, for each bank of memory, and interrupt 8.
chipset::Make unit(Rtc::Options options);

} // namespace windsor::devices::rtc
