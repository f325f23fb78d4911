// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/host_forward.hpp"

#include "network/nat_plan.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <optional>

namespace windsor::network {

namespace {

constexpr std::size_t kLongestShown = 60;

std::optional<std::uint16_t> port_of(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
        return std::nullopt;
    }
    return port;
}

std::optional<in_addr> address_of(std::string_view text, in_addr otherwise)
{
    in_addr address = otherwise;
    if (!text.empty() && ::inet_pton(AF_INET, std::string{text}.c_str(), &address) != 1) {
        return std::nullopt;
    }
    return address;
}

// "ADDRESS:PORT", of which the address may be missing.
bool read_end(std::string_view text, in_addr otherwise, in_addr& address, std::uint16_t& port)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    const auto found = address_of(text.substr(0, colon), otherwise);
    const auto number = port_of(text.substr(colon + 1));
    address = found.value_or(otherwise);
    port = number.value_or(0);
    return found && number;
}

std::string text_of(in_addr address)
{
    std::array<char, INET_ADDRSTRLEN> text{};
    return ::inet_ntop(AF_INET, &address, text.data(), text.size());
}

} // namespace

bool HostForward::operator==(const HostForward& other) const
{
    return transport == other.transport && host.s_addr == other.host.s_addr && host_port == other.host_port &&
           guest.s_addr == other.guest.s_addr && guest_port == other.guest_port;
}

base::Result<HostForward> parse_host_forward(std::string_view text)
{
    const base::Error wrong{fmt::format("'{}' forwards no port; write [tcp|udp]:[HOST]:PORT-[GUEST]:PORT, like "
                                        "tcp::3389-:3389",
                                        text.substr(0, kLongestShown))};
    HostForward forward;
    const auto colon = text.find(':');
    const std::string_view transport = text.substr(0, colon);
    if (colon == std::string_view::npos || (!transport.empty() && transport != "tcp" && transport != "udp")) {
        return std::unexpected{wrong};
    }
    forward.transport = transport == "udp" ? Transport::Udp : Transport::Tcp;
    const std::string_view ends = text.substr(colon + 1);
    const auto dash = ends.find('-');
    if (dash == std::string_view::npos ||
        !read_end(ends.substr(0, dash), address(127, 0, 0, 1), forward.host, forward.host_port) ||
        !read_end(ends.substr(dash + 1), kNatGuest, forward.guest, forward.guest_port)) {
        return std::unexpected{wrong};
    }
    return forward;
}

std::string to_string(const HostForward& forward)
{
    return fmt::format("{} {}:{} to {}:{}", forward.transport == Transport::Udp ? "udp" : "tcp", text_of(forward.host),
                       forward.host_port, text_of(forward.guest), forward.guest_port);
}

} // namespace windsor::network
