// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/vif_wiring.hpp"

#include "config/device_text.hpp"
#include "config/devices.hpp"

#include <algorithm>
#include <array>

namespace windsor::config {

namespace {

using Outcome = std::expected<void, std::string>;

constexpr std::array<std::string_view, 4> kNames{"network", "hostfwd", "hostaccess", "bootfile"};

// A configuration is to be read by people.
constexpr std::size_t kMostForwards = 64;

Outcome set_network(VifWiring& wiring, std::string_view value)
{
    constexpr std::array<std::pair<std::string_view, VifNetwork>, 4> kNetworks{{{"auto", VifNetwork::Auto},
                                                                                {"nat", VifNetwork::Nat},
                                                                                {"bridge", VifNetwork::Bridge},
                                                                                {"none", VifNetwork::None}}};
    const auto* const found = std::ranges::find(kNetworks, value, &std::pair<std::string_view, VifNetwork>::first);
    if (found == kNetworks.end()) {
        return failure("'{}' is no network; 'auto', 'nat', 'bridge' and 'none' are", value.substr(0, kLongestShown));
    }
    wiring.network = found->second;
    return {};
}

Outcome add_forward(VifWiring& wiring, std::string_view value)
{
    const auto forward = network::parse_host_forward(value);
    if (!forward) {
        return std::unexpected{forward.error().message()};
    }
    if (std::ranges::find(wiring.forwards, *forward) != wiring.forwards.end()) {
        return failure("'{}' is given twice", value.substr(0, kLongestShown));
    }
    if (wiring.forwards.size() >= kMostForwards) {
        return failure("a network card has {} forwarded ports at the most", kMostForwards);
    }
    wiring.forwards.push_back(*forward);
    return {};
}

Outcome set_host_access(VifWiring& wiring, std::string_view value)
{
    if (value != "0" && value != "1") {
        return failure("hostaccess is 0 or 1, and not '{}'", value.substr(0, kLongestShown));
    }
    wiring.host = value == "1" ? network::HostServices::Reachable : network::HostServices::Hidden;
    return {};
}

Outcome set_boot_file(VifWiring& wiring, std::string_view value)
{
    if (value.size() > network::kLongestBootFile) {
        return failure("a network card's bootfile has {} characters at the most", network::kLongestBootFile);
    }
    wiring.boot_file = std::string{value};
    return {};
}

} // namespace

bool is_wiring(std::string_view name)
{
    return std::ranges::find(kNames, name) != kNames.end();
}

Outcome set_wiring(VifWiring& wiring, std::string_view name, std::string_view value)
{
    if (name == "network") {
        return set_network(wiring, value);
    }
    if (name == "bootfile") {
        return set_boot_file(wiring, value);
    }
    return name == "hostfwd" ? add_forward(wiring, value) : set_host_access(wiring, value);
}

std::expected<VifWiring, std::string> parse_wiring(std::string_view text)
{
    VifWiring wiring;
    while (!text.empty()) {
        const auto field = take_field(text);
        const auto equals = field.find('=');
        const auto name = trimmed(field.substr(0, equals));
        if (equals == std::string_view::npos || !is_wiring(name)) {
            continue;
        }
        if (auto outcome = set_wiring(wiring, name, trimmed(field.substr(equals + 1))); !outcome) {
            return std::unexpected{std::move(outcome.error())};
        }
    }
    return wiring;
}

} // namespace windsor::config
