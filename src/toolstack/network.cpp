// SPDX-License-Identifier: GPL-2.0-or-later
// The command that lists network cards.
#include "base/printable.hpp"
#include "config/sxp.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"

#include <string>
#include <vector>

namespace windsor::toolstack {

using config::SxpNode;
using domain::Json;

namespace {

// Of Xen's xenbus_state: there is no ring to connect, so a card is connected while it has a link, and closed otherwise.
constexpr int kConnected = 4;
constexpr int kClosed = 6;

struct ListedCard {
    std::int64_t index;
    std::string mac;
    int state;
    std::string back_end; // xenstore's path of it, by which scripts tell the host's interface
};

std::string text(const Json& card, const char* name)
{
    return base::printable_line(card.value(name, ""));
}

ListedCard listed(const domain::Entry& entry, const Json& card)
{
    const auto index = card.value("index", std::int64_t{0});
    return {.index = index,
            .mac = text(card, "mac"),
            .state = card.value("link", "") == "up" ? kConnected : kClosed,
            .back_end = fmt::format("/local/domain/0/backend/vif/{}/{}", entry.id, index)};
}

// The formats are those of xm_network_list in Xen's tools/python/xen/xm/main.py and of main_networklist in
// tools/xl/xl_nic.c.
std::string header(Dialect dialect)
{
    return dialect == Dialect::Xm
               ? "Idx BE     MAC Addr.     handle state evt-ch tx-/rx-ring-ref BE-path\n"
               : fmt::format("{:<3} {:<2} {:<17} {:<6} {:<5} {:<6} {:>5}/{:<5} {:<30}\n", "Idx", "BE", "Mac Addr.",
                             "handle", "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
}

std::string line(Dialect dialect, const ListedCard& card)
{
    if (dialect == Dialect::Xm) {
        return fmt::format("{:<3} {:<3}{:<17}    {:<3}   {:<3}    {:<3}   {:<5}/{:<5}   {:<30}  \n", card.index, 0,
                           card.mac, card.index, card.state, -1, -1, -1, card.back_end);
    }
    return fmt::format("{:<3} {:<2} {} {:>6} {:>5} {:>6} {:>5}/{:<11} {:<30}\n", card.index, 0, card.mac, card.index,
                       card.state, -1, -1, -1, card.back_end);
}

std::string where(const Json& card)
{
    const std::string network = text(card, "network");
    return network == "bridge" ? text(card, "bridge") : network;
}

std::string addresses_of(const Json& card)
{
    std::string all;
    for (const Json& address : card.value("addresses", Json::array())) {
        all += (all.empty() ? "" : " ") + base::printable_line(address.get<std::string>());
    }
    return all.empty() ? "-" : all;
}

std::string address_header()
{
    return fmt::format("{:<3} {:<17} {:<8} {:<15} {:<4} {:>12} {:>12} {:>7} {}\n", "Idx", "Mac Addr.", "Model",
                       "Network", "Link", "Sent bytes", "Received", "Dropped", "Addresses");
}

std::string address_line(const Json& card)
{
    const auto counted = [&](const char* direction, const char* what) {
        return card.value(direction, Json::object()).value(what, std::int64_t{0});
    };
    return fmt::format("{:<3} {:<17} {:<8} {:<15} {:<4} {:>12} {:>12} {:>7} {}\n", card.value("index", std::int64_t{0}),
                       text(card, "mac"), text(card, "model"), where(card), text(card, "link"),
                       counted("sent", "bytes"), counted("received", "bytes"), counted("sent", "dropped"),
                       addresses_of(card));
}

// A device as `xm network-list -l` prints it, and in "windsor" what xend does not know.
SxpNode device(const ListedCard& card, const Json& said)
{
    const auto entry = [](std::string name, std::string value) {
        return SxpNode::entry(std::move(name), std::move(value));
    };
    std::vector<SxpNode> own{SxpNode::of("windsor"), entry("model", text(said, "model")), entry("network", where(said)),
                             entry("link", text(said, "link"))};
    for (const Json& address : said.value("addresses", Json::array())) {
        own.push_back(entry("address", base::printable_line(address.get<std::string>())));
    }
    return SxpNode::list(
        {SxpNode::of(std::to_string(card.index)),
         SxpNode::list({entry("backend-id", "0"), entry("mac", card.mac), entry("handle", std::to_string(card.index)),
                        entry("state", std::to_string(card.state)), entry("event-channel", "-1"),
                        entry("tx-ring-ref", "-1"), entry("rx-ring-ref", "-1"), entry("backend", card.back_end),
                        SxpNode::list(std::move(own))})});
}

enum class Form { Short, Long, Addresses };

void print(Context& context, const domain::Entry& entry, const Json& cards, Form form)
{
    for (const Json& card : cards) {
        const ListedCard shown = listed(entry, card);
        if (form == Form::Long) {
            context.out << config::print_sxp(device(shown, card)) << '\n';
        } else {
            context.out << (form == Form::Addresses ? address_line(card) : line(context.dialect, shown));
        }
    }
}

} // namespace

base::Result<int> network_list(Context& context, const Arguments& arguments)
{
    const Form form = arguments.has("long") ? Form::Long : arguments.has("addresses") ? Form::Addresses : Form::Short;
    auto all = nlohmann::ordered_json::array();
    const bool json = form == Form::Long && context.dialect != Dialect::Xm;
    bool headed = form == Form::Long;
    for (const std::string& name : arguments.operands()) {
        Connection connection = WINDSOR_TRY(connect(context, name));
        const Json cards = WINDSOR_TRY(fitting("network", connection.client.call("network")));
        if (json) {
            for (const Json& card : cards) {
                nlohmann::ordered_json one{{"domid", connection.entry.id}};
                one.update(nlohmann::ordered_json::parse(domain::printable(card).dump()));
                all.push_back(std::move(one));
            }
            continue;
        }
        // xm says nothing at all of a domain without cards.
        if (!headed && (context.dialect != Dialect::Xm || !cards.empty())) {
            context.out << (form == Form::Addresses ? address_header() : header(context.dialect));
            headed = true;
        }
        print(context, connection.entry, cards, form);
    }
    if (json) {
        context.out << all.dump(4) << '\n';
    }
    return 0;
}

} // namespace windsor::toolstack
