// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/network_parts.hpp"

#include "config/vif_wiring.hpp"
#include "machine/spec.hpp"
#include "network/bridge.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace windsor::keeper {

namespace {

// The host grants no more than net.core.wmem_max, and counts twice the bytes.
constexpr int kSocketBytes = 1 << 20;

struct Ends {
    base::Fd domain;
    base::Fd network;
};

base::Result<Ends> make_ends()
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return base::fail("cannot make a cable for a network card: {}", base::errno_text(errno));
    }
    for (const int end : ends) { // a smaller one only drops more
        static_cast<void>(::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes));
    }
    return Ends{base::Fd{ends[0]}, base::Fd{ends[1]}};
}

// Where an automatic card's cable leads, and why it is not the bridge.
struct Decision {
    bool bridge{false};
    std::string why_not{};
};

Decision decide(const config::VifConfig& vif, config::VifNetwork network)
{
    if (network != config::VifNetwork::Auto || vif.bridge.empty()) {
        return {.bridge = network == config::VifNetwork::Bridge};
    }
    const base::Status usable = network::check_bridge(vif.bridge);
    return {.bridge = usable.has_value(), .why_not = usable ? "" : usable.error().message()};
}

base::Result<network::Cable> plug(const config::DomainConfig& config, const config::VifConfig& vif,
                                  const std::string& interface, network::ShareRoute::Ports share, NetworkParts& parts)
{
    const auto wiring = config::parse_wiring(vif.text); // one from a saved state has not been checked here
    if (!wiring) {
        return base::fail("{}", wiring.error());
    }
    if (wiring->network == config::VifNetwork::None) {
        return network::Cable{};
    }
    if (decide(vif, wiring->network).bridge) {
        return network::Cable{.card_end = WINDSOR_TRY(network::tap_on_bridge(vif.bridge, interface)),
                              .leads_to = network::LeadsTo::Bridge,
                              .interface = interface};
    }
    Ends ends = WINDSOR_TRY(make_ends());
    parts.networks.push_back(WINDSOR_TRY(network::Nat::create({.forwards = wiring->forwards,
                                                               .host = wiring->host,
                                                               .guest_name = config.name,
                                                               .boot_file = wiring->boot_file,
                                                               .share = share},
                                                              std::move(ends.network))));
    return network::Cable{.card_end = std::move(ends.domain), .leads_to = network::LeadsTo::Nat};
}

} // namespace

base::Result<NetworkParts> NetworkParts::create(const config::DomainConfig& config, domain::DomainId id,
                                                network::ShareRoute::Ports share)
{
    NetworkParts parts;
    if (config.vifs.size() > machine::kMostNetworkCards) { // as a saved state may say
        return base::fail("a domain has {} network cards at the most", machine::kMostNetworkCards);
    }
    for (const config::VifConfig& vif : config.vifs) {
        const std::string interface =
            vif.vifname.empty() ? fmt::format("vif{}.{}", id, parts.cables.size()) : vif.vifname;
        auto cable = plug(config, vif, interface, share, parts);
        if (!cable) {
            const std::string& sentence = cable.error().message();
            return base::fail("{}", vif.where.source != nullptr ? config::render(vif.where, sentence) : sentence);
        }
        parts.cables.push_back(*std::move(cable));
    }
    return parts;
}

std::vector<std::string> network_notes(const config::DomainConfig& config)
{
    std::vector<std::string> notes;
    for (std::size_t number = 0; number < config.vifs.size(); ++number) {
        const config::VifConfig& vif = config.vifs[number];
        const auto wiring = config::parse_wiring(vif.text);
        const Decision decision = wiring ? decide(vif, wiring->network) : Decision{};
        if (!decision.why_not.empty()) {
            notes.push_back(
                fmt::format("network card {} is behind the host's address (NAT): {}", number, decision.why_not));
        }
    }
    return notes;
}

} // namespace windsor::keeper
