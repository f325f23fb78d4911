// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtc/calendar.hpp"

#include <algorithm>
#include <chrono>

namespace windsor::devices::rtc {

namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t days(int year, unsigned month, unsigned day)
{
    const std::chrono::year_month_day first{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{1}};
    return std::chrono::sys_days{first}.time_since_epoch().count() + static_cast<std::int64_t>(day) - 1;
}

} // namespace

std::int64_t to_seconds(const DateTime& time)
{
    const std::int64_t date =
        days(std::clamp(time.year, 0, 9999), std::clamp(time.month, 1u, 12u), std::clamp(time.day, 1u, 31u));
    return date * kDay + std::int64_t{time.hour} * 3600 + std::int64_t{time.minute} * 60 + time.second;
}

DateTime from_seconds(std::int64_t seconds)
{
    const std::int64_t in_range = std::clamp(seconds, days(0, 1, 1) * kDay, days(9999, 12, 32) * kDay - 1);
    std::int64_t date = in_range / kDay;
    std::int64_t rest = in_range % kDay;
    if (rest < 0) {
        rest += kDay;
        --date;
    }
    const std::chrono::sys_days day{std::chrono::days{date}};
    const std::chrono::year_month_day civil{day};
    return {.year = static_cast<int>(civil.year()),
            .month = static_cast<unsigned>(civil.month()),
            .day = static_cast<unsigned>(civil.day()),
            .hour = static_cast<unsigned>(rest / 3600),
            .minute = static_cast<unsigned>(rest / 60 % 60),
            .second = static_cast<unsigned>(rest % 60),
            .weekday = std::chrono::weekday{day}.c_encoding() + 1};
}

} // namespace windsor::devices::rtc
