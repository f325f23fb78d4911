// SPDX-License-Identifier: GPL-2.0-or-later
// The cables of a domain's network cards, and what the control socket tells of them.
#include "domain/domain.hpp"

#include "config/vif_wiring.hpp"
#include "domain/network_cards.hpp"

#include <algorithm>
#include <array>
#include <arpa/inet.h>

namespace windsor::domain {

namespace {

std::string_view word_for(network::LeadsTo where)
{
    switch (where) {
    case network::LeadsTo::Nat: return "nat";
    case network::LeadsTo::Bridge: return "bridge";
    case network::LeadsTo::Nowhere: break;
    }
    return "none";
}

std::string_view word_for(machine::NetworkModel model)
{
    return model == machine::NetworkModel::E1000 ? "e1000" : "rtl8139";
}

std::string text_of(in_addr address)
{
    std::array<char, INET_ADDRSTRLEN> text{};
    return ::inet_ntop(AF_INET, &address, text.data(), text.size()) != nullptr ? text.data() : "";
}

Json forwards_of(const config::VifConfig& vif)
{
    Json all = Json::array();
    if (const auto wiring = config::parse_wiring(vif.text)) {
        for (const network::HostForward& forward : wiring->forwards) {
            all.push_back({{"transport", forward.transport == network::Transport::Udp ? "udp" : "tcp"},
                           {"host", text_of(forward.host)},
                           {"host_port", forward.host_port},
                           {"guest", text_of(forward.guest)},
                           {"guest_port", forward.guest_port}});
        }
    }
    return all;
}

std::vector<Field> card_fields()
{
    using enum ValueKind;
    return {
        {"index", Integer, "its number in the configuration, from 0 on"},
        {"model", Text, "rtl8139 or e1000"},
        {"mac", Text, "its MAC address"},
        {"network", Text, "where its cable leads: bridge, nat, or none"},
        {"bridge", Text, "the bridge's name", Presence::Sometimes},
        {"interface", Text, "the host's interface on the bridge", Presence::Sometimes},
        {"link", Text, "whether it has a link: up or down"},
        {"sent",
         Object,
         "what the guest has sent, as long as this process runs",
         Presence::Always,
         {{"frames", Integer, "that have gone out"},
          {"bytes", Integer, "in them"},
          {"dropped", Integer, "frames that there was no room or, by its rate, no time for"}}},
        {"received",
         Object,
         "what the guest has taken",
         Presence::Always,
         {{"frames", Integer, "that have come in"}, {"bytes", Integer, "in them"}}},
        {"addresses", Texts, "from which the guest has sent lately: the surest and newest first"},
        {"forwards",
         Objects,
         "with NAT: the host's ports that lead to the guest",
         Presence::Sometimes,
         {{"transport", Text, "tcp or udp"},
          {"host", Text, "the host's address that listens"},
          {"host_port", Integer, "its port"},
          {"guest", Text, "the guest's address"},
          {"guest_port", Integer, "its port"}}},
    };
}

} // namespace

std::vector<Domain::Row> Domain::network_rows()
{
    return {
        {{.name = "network",
          .help = "Says of each network card what it is, where its cable leads, and what has gone by it.",
          .permission = Permission::Look,
          .answer = {.kind = ValueKind::Objects, .fields = card_fields()}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(domain.network()); }},
    };
}

base::Status Domain::plug_cables(machine::MachineSpec& options)
{
    options.network_cards = network_cards(settings_.config);
    wiring_.resize(options.network_cards.size());
    if (!settings_.cables) {
        return {};
    }
    std::vector<network::Port::Plug> plugs;
    for (std::size_t number = 0; number < std::min(wiring_.size(), settings_.cables->size()); ++number) {
        wiring_[number].cable = std::move((*settings_.cables)[number]);
        if (base::Fd end = std::move(wiring_[number].cable.card_end)) {
            wiring_[number].port = plugs.size();
            plugs.push_back({.frames = std::move(end), .rate = WINDSOR_TRY(rate_of(settings_.config.vifs.at(number)))});
        }
    }
    settings_.cables.reset();
    network_ = WINDSOR_TRY(network::Ports::create(std::move(plugs)));
    for (std::size_t number = 0; number < wiring_.size(); ++number) {
        if (const auto port = wiring_[number].port) {
            options.network_cards[number].link = &network_->at(*port);
        }
    }
    return {};
}

// Of the cards that have a cable; frames come in once the guest runs.
void Domain::start_network()
{
    if (!network_ || network_->count() == 0) {
        return;
    }
    std::vector<backend::NetworkCard*> cards;
    for (std::size_t number = 0; number < wiring_.size(); ++number) {
        if (wiring_[number].port) {
            cards.push_back(machine_->network_cards().at(number));
        }
    }
    network_->start(
        {.lock = machine_->lock(), .running = [this] { return machine_->running(); }, .cards = std::move(cards)});
}

Json Domain::network() const
{
    Json all = Json::array();
    for (std::size_t number = 0; number < wiring_.size(); ++number) {
        all.push_back(network_card(number));
    }
    return all;
}

Json Domain::network_card(std::size_t number) const
{
    const config::VifConfig& vif = settings_.config.vifs.at(number);
    const auto& [cable, port] = wiring_.at(number);
    network::Port::Counters counted;
    std::vector<std::string> addresses;
    bool up = false;
    if (port) {
        const bus::MachineGuard guard{machine_->lock()};
        const network::Port& at = network_->at(*port);
        counted = at.counters();
        up = at.connected();
        for (const network::GuestAddress& address : at.guest_addresses()) {
            addresses.push_back(to_string(address));
        }
    }
    Json card{{"index", number},
              {"model", word_for(network_cards(settings_.config).at(number).model)},
              {"mac", vif.mac},
              {"network", word_for(cable.leads_to)},
              {"link", up ? "up" : "down"},
              {"sent", {{"frames", counted.sent}, {"bytes", counted.sent_bytes}, {"dropped", counted.dropped}}},
              {"received", {{"frames", counted.received}, {"bytes", counted.received_bytes}}},
              {"addresses", std::move(addresses)}};
    if (cable.leads_to == network::LeadsTo::Bridge) {
        card["bridge"] = vif.bridge;
        card["interface"] = cable.interface;
    } else if (cable.leads_to == network::LeadsTo::Nat) {
        card["forwards"] = forwards_of(vif);
    }
    return card;
}

} // namespace windsor::domain
