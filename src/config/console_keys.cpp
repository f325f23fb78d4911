// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/console_keys.hpp"

#include "display/keymap.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

#include <fmt/format.h>

namespace windsor::config {

namespace {

constexpr std::size_t kLongestShown = 40;      // of a value in a message
constexpr std::size_t kPasswordCharacters = 8; // RFC 6143, section 7.2.2
constexpr std::size_t kLongestHostName = 253;  // RFC 1035, section 2.3.4, in its printed form

bool is_address(const std::string& text)
{
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const std::string without_scope = text.substr(0, text.find('%'));
    return ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
           ::inet_pton(AF_INET6, without_scope.c_str(), address.data()) == 1;
}

// By its letters alone. Only digits and dots are an address, not a name.
bool is_host_name(std::string_view text)
{
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_';
    };
    return !text.empty() && text.size() <= kLongestHostName && std::ranges::all_of(text, good) &&
           text.find_first_not_of("0123456789.") != std::string_view::npos && text.front() != '-' &&
           text.front() != '.';
}

} // namespace

std::optional<std::string> keymap_fault(std::string_view name)
{
    const auto found = display::Keymap::find(name.substr(0, kLongestShown));
    return found ? std::nullopt : std::optional{found.error().message()};
}

std::optional<std::string> listen_fault(std::string_view address)
{
    if (is_address(std::string{address}) || is_host_name(address)) {
        return std::nullopt;
    }
    return fmt::format(
        "'{}' is neither an address nor a host name to listen on for VNC; give one like 127.0.0.1 or ::1",
        address.substr(0, kLongestShown));
}

std::optional<std::string> password_note(std::string_view password)
{
    if (password.size() <= kPasswordCharacters) {
        return std::nullopt;
    }
    return fmt::format("the VNC password has {} characters, of which only the first {} count", password.size(),
                       kPasswordCharacters);
}

} // namespace windsor::config
