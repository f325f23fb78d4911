// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/devices.hpp"

#include "config/device_text.hpp"

#include <algorithm>

namespace windsor::config {
namespace {

bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

} // namespace

std::expected<std::string, std::string> parse_mac(std::string_view text)
{
    auto mac = lowered(trimmed(text));
    std::ranges::replace(mac, '-', ':');
    bool well_formed = mac.size() == 17;
    for (std::size_t i = 0; well_formed && i < mac.size(); ++i) {
        well_formed = i % 3 == 2 ? mac[i] == ':' : is_hex(mac[i]);
    }
    if (!well_formed) {
        return failure("'{}' is no MAC address; one is six pairs of hexadecimal digits, like 00:16:3e:01:02:03",
                       text.substr(0, kLongestShown));
    }
    if (std::string_view{"13579bdf"}.find(mac[1]) != std::string_view::npos) {
        return failure("'{}' is a multicast address and cannot be a card's MAC address; the second digit must be even",
                       mac);
    }
    if (mac == "00:00:00:00:00:00") {
        return failure("'{}' cannot be a card's MAC address", mac);
    }
    return mac;
}

std::expected<std::string, std::string> parse_uuid(std::string_view text)
{
    auto digits = lowered(trimmed(text));
    std::erase(digits, '-');
    if (digits.size() != 32 || !std::ranges::all_of(digits, is_hex)) {
        return failure("'{}' is no UUID; one is 32 hexadecimal digits, like 5b001f4d-7891-90d8-2f55-96a56e8d07df",
                       text.substr(0, 60));
    }
    for (const std::size_t place : {8U, 13U, 18U, 23U}) {
        digits.insert(place, 1, '-');
    }
    return digits;
}

} // namespace windsor::config
