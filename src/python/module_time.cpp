// SPDX-License-Identifier: GPL-2.0-or-later
// time: what the clock says, and dates as text in English. Nothing here waits.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "python/modules.hpp"

namespace windsor::python {
namespace {

constexpr std::array<std::string_view, 9> kFields{"tm_year", "tm_mon",  "tm_mday", "tm_hour", "tm_min",
                                                  "tm_sec",  "tm_wday", "tm_yday", "tm_isdst"};
constexpr std::array<std::string_view, 7> kDays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};

// The fields of a struct_time; weekdays count from Monday, which is 0, and days of the year from 1.
struct Fields {
    std::int64_t year = 1970;
    std::int64_t month = 1;
    std::int64_t day = 1;
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    std::int64_t weekday = 3;
    std::int64_t year_day = 1;
};

double now(const Interpreter& interpreter)
{
    const auto& clock = interpreter.environment().now;
    return clock ? clock() : 0.0;
}

Fields fields_of(std::int64_t seconds)
{
    using namespace std::chrono;
    const sys_seconds time{std::chrono::seconds{seconds}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    const sys_days new_year{date.year() / January / 1};
    return {.year = static_cast<int>(date.year()),
            .month = static_cast<unsigned>(date.month()),
            .day = static_cast<unsigned>(date.day()),
            .hour = clock.hours().count(),
            .minute = clock.minutes().count(),
            .second = clock.seconds().count(),
            .weekday = weekday{day}.iso_encoding() - 1,
            .year_day = (day - new_year).count() + 1};
}

Item to_item(Interpreter& interpreter, const Fields& fields)
{
    return named_tuple(interpreter,
                       {fields.year, fields.month, fields.day, fields.hour, fields.minute, fields.second,
                        fields.weekday, fields.year_day, std::int64_t{0}},
                       kFields);
}

// The seconds that a function is given, or the present ones; between the years 1 and 9999, with a day to spare.
std::int64_t given_seconds(Interpreter& interpreter, const Arguments& arguments)
{
    constexpr double kEarliest = -62135596800.0 + 86400.0;
    constexpr double kLatest = 253402300799.0 - 86400.0;
    arguments.expect(0, 1);
    double seconds = now(interpreter);
    if (!arguments.positional.empty() && !std::holds_alternative<None>(arguments.positional[0])) {
        const auto* real = std::get_if<double>(&arguments.positional[0]);
        seconds = real != nullptr ? *real : static_cast<double>(arguments.integer(0));
    }
    if (!(seconds >= kEarliest && seconds <= kLatest)) {
        interpreter.fail("{}() knows the years 1 to 9999 only", arguments.function);
    }
    return static_cast<std::int64_t>(std::floor(seconds));
}

Fields local_fields(const Interpreter& interpreter, std::int64_t seconds)
{
    constexpr std::int64_t kDay = 86400;
    const auto& offset = interpreter.environment().utc_offset;
    return fields_of(seconds + (offset ? std::clamp(offset(seconds), -kDay, kDay) : 0));
}

// A struct_time or a tuple of nine integers.
Fields given_fields(Interpreter& interpreter, const Item& item)
{
    const auto items = interpreter.iterate(item);
    if (items.size() != kFields.size()) {
        interpreter.fail("a time has {} elements, and this has {}", kFields.size(), items.size());
    }
    const auto element = [&](std::size_t index, std::int64_t least, std::int64_t most) {
        const auto value = interpreter.integer(items[index], "an element of a time");
        if (value < least || value > most) {
            interpreter.fail("{} is no possible {} of a time", value, kFields[index]);
        }
        return value;
    };
    return {element(0, 1, 9999), element(1, 1, 12), element(2, 1, 31), element(3, 0, 23),
            element(4, 0, 59),   element(5, 0, 61), element(6, 0, 6),  element(7, 1, 366)};
}

std::string formatted(const Interpreter& interpreter, std::string_view format, const Fields& fields);

// What one directive stands for, where it is a number of a fixed width.
std::optional<std::string> number_directive(char directive, const Fields& fields)
{
    const auto hour = fields.hour % 12 == 0 ? 12 : fields.hour % 12;
    switch (directive) {
    case 'd': return fmt::format("{:02}", fields.day);
    case 'e': return fmt::format("{:2}", fields.day);
    case 'H': return fmt::format("{:02}", fields.hour);
    case 'I': return fmt::format("{:02}", hour);
    case 'j': return fmt::format("{:03}", fields.year_day);
    case 'm': return fmt::format("{:02}", fields.month);
    case 'M': return fmt::format("{:02}", fields.minute);
    case 'S': return fmt::format("{:02}", fields.second);
    case 'w': return fmt::format("{}", (fields.weekday + 1) % 7);
    case 'y': return fmt::format("{:02}", fields.year % 100);
    case 'Y': return fmt::format("{:04}", fields.year);
    default: return std::nullopt;
    }
}

std::string directive_text(const Interpreter& interpreter, char directive, const Fields& fields)
{
    if (const auto number = number_directive(directive, fields)) {
        return *number;
    }
    const auto day = kDays[static_cast<std::size_t>(fields.weekday)];
    const auto month = kMonths[static_cast<std::size_t>(fields.month - 1)];
    switch (directive) {
    case '%': return "%";
    case 'a': return std::string{day.substr(0, 3)};
    case 'A': return std::string{day};
    case 'b': return std::string{month.substr(0, 3)};
    case 'B': return std::string{month};
    case 'c': return formatted(interpreter, "%a %b %e %H:%M:%S %Y", fields);
    case 'D':
    case 'x': return formatted(interpreter, "%m/%d/%y", fields);
    case 'F': return formatted(interpreter, "%Y-%m-%d", fields);
    case 'p': return fields.hour < 12 ? "AM" : "PM";
    case 'R': return formatted(interpreter, "%H:%M", fields);
    case 'T':
    case 'X': return formatted(interpreter, "%H:%M:%S", fields);
    default: interpreter.fail("strftime() has no '%{}' in the xm language", directive);
    }
}

std::string formatted(const Interpreter& interpreter, std::string_view format, const Fields& fields)
{
    std::string text;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            text += format[i];
            continue;
        }
        if (++i == format.size()) {
            interpreter.fail("the format of strftime() ends in an incomplete '%'");
        }
        text += directive_text(interpreter, format[i], fields);
    }
    return text;
}

Item time_time(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    return now(interpreter);
}

Item time_gmtime(Interpreter& interpreter, Arguments& arguments)
{
    return to_item(interpreter, fields_of(given_seconds(interpreter, arguments)));
}

Item time_localtime(Interpreter& interpreter, Arguments& arguments)
{
    return to_item(interpreter, local_fields(interpreter, given_seconds(interpreter, arguments)));
}

Item time_ctime(Interpreter& interpreter, Arguments& arguments)
{
    const auto seconds = given_seconds(interpreter, arguments);
    return interpreter.string(formatted(interpreter, "%c", local_fields(interpreter, seconds)));
}

// The time that the argument at index gives, or the present one.
Fields fields_or_now(Interpreter& interpreter, const Arguments& arguments, std::size_t index)
{
    return arguments.positional.size() > index
               ? given_fields(interpreter, arguments.positional[index])
               : local_fields(interpreter, static_cast<std::int64_t>(std::floor(now(interpreter))));
}

Item time_asctime(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    return interpreter.string(formatted(interpreter, "%c", fields_or_now(interpreter, arguments, 0)));
}

Item time_strftime(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const auto& format = arguments.string(0);
    interpreter.step(format.size());
    return interpreter.string(formatted(interpreter, format, fields_or_now(interpreter, arguments, 1)));
}

constexpr std::array kMembers{Method{"asctime", time_asctime},   Method{"ctime", time_ctime},
                              Method{"gmtime", time_gmtime},     Method{"localtime", time_localtime},
                              Method{"strftime", time_strftime}, Method{"time", time_time}};

} // namespace

ModuleObject* make_time(Interpreter& interpreter)
{
    return module_of(interpreter, "time", kMembers);
}

} // namespace windsor::python
