// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/network_parts.hpp"

#include "config/vif_wiring.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace windsor::keeper {

namespace {

// The host grants no more than net.core.wmem_max, and counts twice the bytes.
constexpr int kSocketBytes = 1 << 20;

struct Cable {
    base::Fd domain;
    base::Fd network;
};

base::Result<Cable> make_cable()
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return base::fail("cannot make a cable for a network card: {}", base::errno_text(errno));
    }
    for (const int end : ends) { // a smaller one only drops more
        static_cast<void>(::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes));
    }
    return Cable{base::Fd{ends[0]}, base::Fd{ends[1]}};
}

base::Error at(const config::Location& where, const std::string& sentence)
{
    return base::Error{where.source != nullptr ? config::render(where, sentence) : sentence};
}

} // namespace

base::Result<NetworkParts> NetworkParts::create(const config::DomainConfig& config)
{
    NetworkParts parts;
    for (const config::VifConfig& vif : config.vifs) {
        const auto wiring = config::parse_wiring(vif.text); // one from a saved state has not been checked here
        if (!wiring) {
            return std::unexpected{at(vif.where, wiring.error())};
        }
        if (wiring->network == config::VifNetwork::None) {
            parts.cables.emplace_back();
            continue;
        }
        Cable cable = WINDSOR_TRY(make_cable());
        auto nat = network::Nat::create({.forwards = wiring->forwards, .host = wiring->host, .guest_name = config.name, .boot_file = wiring->boot_file},
                                        std::move(cable.network));
        if (!nat) {
            return std::unexpected{at(vif.where, nat.error().message())};
        }
        parts.cables.push_back(std::move(cable.domain));
        parts.networks.push_back(*std::move(nat));
    }
    return parts;
}

} // namespace windsor::keeper
