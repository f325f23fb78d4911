// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/console_keys.hpp"

#include "config/value_types.hpp"
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

// "[::1]:3", "::1", "1.2.3.4:5" and the like, in two parts.
struct ListenText {
    std::string address;                // without its brackets
    std::optional<std::string> display; // what follows the colon
};

ListenText split_listen_text(std::string_view text)
{
    const bool bracketed = text.starts_with('[');
    const auto close = bracketed ? text.find(']') : 0;
    const auto colon = close == std::string_view::npos ? close : text.find(':', close);
    const bool several =
        !bracketed && colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos;
    ListenText parts;
    if (colon != std::string_view::npos && !several) {
        parts.display = text.substr(colon + 1);
        text = text.substr(0, colon);
    }
    const bool enclosed = text.size() >= 2 && text.starts_with('[') && text.ends_with(']');
    parts.address = enclosed ? text.substr(1, text.size() - 2) : text;
    return parts;
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

std::expected<std::string, std::string> check_keymap(std::string_view name)
{
    if (auto fault = keymap_fault(name)) {
        return std::unexpected{std::move(*fault)};
    }
    return std::string{name};
}

void read_vncdisplay(const KeyInfo&, const Setting& setting, Reading& reading)
{
    reading.config.graphics.display = static_cast<int>(*as_integer(setting.value));
    reading.config.graphics.display_where = setting.value_at;
}

void read_vnclisten(const KeyInfo&, const Setting& setting, Reading& reading)
{
    auto& graphics = reading.config.graphics;
    auto [address, display] = split_listen_text(text_of(setting));
    if (display) {
        const auto number = as_integer(Value{*display});
        if (!number || *number < 0 || *number > kLastVncDisplay) {
            complain(setting.value_at, "'{}' behind the colon of 'vnclisten' is no VNC display number",
                     display->substr(0, kLongestShown));
        }
        if (reading.find("vncdisplay") == nullptr) {
            graphics.display = static_cast<int>(*number);
            graphics.display_where = setting.value_at;
        }
    }
    if (address.empty()) {
        return;
    }
    if (const auto fault = listen_fault(address)) {
        complain(setting.value_at, "{}", *fault);
    }
    graphics.listen = std::move(address);
}

void read_vncpasswd(const KeyInfo&, const Setting& setting, Reading& reading)
{
    auto password = text_of(setting);
    if (const auto note = password_note(password)) {
        reading.warn(setting.value_at.secret(), *note);
    }
    reading.config.graphics.password = std::move(password);
}

void settle_nographic(Reading& reading)
{
    if (reading.is_on("nographic")) {
        reading.config.graphics.vnc = Switch::Off;
        reading.config.graphics.sdl = Switch::Off;
    }
}

void settle_vncconsole(Reading& reading)
{
    if (reading.is_on("vncconsole")) {
        reading.config.graphics.viewer = Switch::On;
    }
}

} // namespace windsor::config
