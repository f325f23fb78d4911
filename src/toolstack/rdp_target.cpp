// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/rdp_target.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <optional>
#include <tuple>

namespace windsor::toolstack {

using domain::Json;

namespace {

// What the address is, so that better ones are tried first; IPv6 link-local ones lead nowhere without an interface.
enum class Kind { V4, V6, V4LinkLocal, Useless };

Kind kind_of(const std::string& address)
{
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
        const bool everywhere = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
        const bool link_local = bytes[0] == 169 && bytes[1] == 254; // RFC 3927
        return everywhere ? Kind::Useless : link_local ? Kind::V4LinkLocal : Kind::V4;
    }
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
        const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; // RFC 4291, 2.5.6
        return link_local ? Kind::Useless : Kind::V6;
    }
    return Kind::Useless;
}

std::string joined(const std::string& host, std::uint16_t port)
{
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::optional<std::string> by_forward(const Json& card, std::uint16_t port)
{
    for (const Json& forward : card.value("forwards", Json::array())) {
        const auto host_port = forward.value("host_port", std::int64_t{0});
        const std::string host = forward.value("host", "");
        const bool everywhere = host == "0.0.0.0";
        if (forward.value("transport", "") == "tcp" && forward.value("guest_port", std::int64_t{0}) == port &&
            host_port > 0 && host_port <= UINT16_MAX && (everywhere || kind_of(host) != Kind::Useless)) {
            return joined(everywhere ? "127.0.0.1" : host, static_cast<std::uint16_t>(host_port));
        }
    }
    return std::nullopt;
}

std::optional<std::string> by_address(const Json& card, std::uint16_t port)
{
    const Json addresses = card.value("addresses", Json::array());
    std::optional<std::string> best;
    for (const Json& each : addresses) { // the surest and newest first
        const auto address = each.get<std::string>();
        if (kind_of(address) != Kind::Useless && (!best || kind_of(address) < kind_of(*best))) {
            best = address;
        }
    }
    return best ? std::optional{joined(*best, port)} : std::nullopt;
}

} // namespace

base::Result<std::string> rdp_target(std::string_view domain, const Json& cards, std::uint16_t port)
{
    bool nat = false;
    bool bridge = false;
    for (const Json& card : cards) {
        const std::string network = card.value("network", "");
        const auto target = network == "nat"      ? by_forward(card, port)
                            : network == "bridge" ? by_address(card, port)
                                                  : std::nullopt;
        if (target) {
            return *target;
        }
        nat = nat || network == "nat";
        bridge = bridge || network == "bridge";
    }
    if (bridge) {
        return base::fail("the guest of '{}' has not shown an address on its bridge yet; try again when its network is "
                          "up, or connect to the name that it has there",
                          domain);
    }
    if (nat) {
        return base::fail("no port of the host leads to port {} of the guest of '{}', which is behind NAT; add "
                          "hostfwd=tcp::{}-:{} to a card in vif= and start it again",
                          port, domain, port, port);
    }
    return base::fail("domain '{}' has no network card that is plugged in; add one by vif= to its configuration",
                      domain);
}

ViewerCommand rdp_client(const std::string& program, const std::string& target, const std::string& user,
                         const std::vector<std::string>& extra)
{
    std::vector<std::string> words;
    if (program.ends_with("rdesktop")) {
        if (!user.empty()) {
            words = {"-u", user};
        }
        words.insert(words.end(), {"-r", "clipboard:PRIMARYCLIPBOARD"});
        words.insert(words.end(), extra.begin(), extra.end());
        words.push_back(target);
    } else {
        words.push_back("/v:" + target);
        if (!user.empty()) {
            words.push_back("/u:" + user);
        }
        words.emplace_back("+clipboard");
        words.insert(words.end(), extra.begin(), extra.end());
    }
    return {.program = program, .arguments = std::move(words), .password = std::nullopt};
}

} // namespace windsor::toolstack
