// SPDX-License-Identifier: GPL-2.0-or-later
// What the readers of disk= and vif= have in common.
#pragma once

#include <algorithm>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace windsor::config {

constexpr std::size_t kLongestShown = 40; // characters of a value in a message

// A sentence without its place.
template <typename... Args> std::unexpected<std::string> failure(fmt::format_string<Args...> format, Args&&... args)
{
    return std::unexpected{fmt::format(format, std::forward<Args>(args)...)};
}

inline std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto start = text.find_first_not_of(kBlanks);
    return start == std::string_view::npos ? std::string_view{}
                                           : text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

inline std::string lowered(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return result;
}

// Takes what stands before the next comma.
inline std::string_view take_field(std::string_view& rest)
{
    const auto end = std::min(rest.find(','), rest.size());
    const auto field = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return field;
}

} // namespace windsor::config
