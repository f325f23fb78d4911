// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/network_cards.hpp"

#include "config/devices.hpp"

#include <algorithm>
#include <cstdlib>

namespace windsor::domain {

namespace {

// Of six pairs of hexadecimal digits with colons between; zeros if there are none.
backend::MacAddress mac_of(const std::string& text)
{
    constexpr std::size_t kStep = 3;
    backend::MacAddress mac{};
    for (std::size_t i = 0; i < mac.size() && kStep * i + 2 <= text.size(); ++i) {
        mac[i] = static_cast<std::uint8_t>(std::strtoul(text.substr(kStep * i, 2).c_str(), nullptr, 16));
    }
    return mac;
}

} // namespace

std::vector<machine::NetworkCardSpec> network_cards(const config::DomainConfig& config)
{
    std::vector<machine::NetworkCardSpec> cards;
    for (const config::VifConfig& vif : config.vifs) {
        cards.push_back({.model = vif.model == "e1000" ? machine::NetworkModel::E1000 : machine::NetworkModel::Rtl8139,
                         .mac = mac_of(vif.mac)});
    }
    return cards;
}

// An interval that brings less than a byte is counted as a second.
base::Result<std::optional<network::Rate>> rate_of(const config::VifConfig& vif)
{
    if (vif.rate.empty()) {
        return std::nullopt;
    }
    auto rate = config::parse_rate(vif.rate);
    if (rate && rate->bytes_per_interval == 0) {
        rate = config::parse_rate(vif.rate.substr(0, vif.rate.find('@')) + "@1s");
    }
    if (!rate) {
        return base::fail("{}", rate.error());
    }
    return network::Rate{.bytes = std::max<std::uint64_t>(rate->bytes_per_interval, 1),
                         .interval = static_cast<base::Nanoseconds>(rate->interval_us) * base::kMicrosecond};
}

} // namespace windsor::domain
