// SPDX-License-Identifier: GPL-2.0-or-later
// The Gregorian calendar as the clock's registers know it.
#pragma once

#include <cstdint>

namespace windsor::devices::rtc {

struct DateTime {
    int year{1970}; // 0 to 9999
    unsigned month{1};
    unsigned day{1};
    unsigned hour{0};
    unsigned minute{0};
    unsigned second{0};
    unsigned weekday{5}; // 1 is Sunday
};

// Seconds since 1970-01-01 00:00:00. Members out of range are brought into it or carried over; any value is safe.
std::int64_t to_seconds(const DateTime& time);
// The inverse; times beyond the years 0 to 9999 give the nearest end.
DateTime from_seconds(std::int64_t seconds);

} // namespace windsor::devices::rtc
