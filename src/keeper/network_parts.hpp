// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's networks, made before there is a process for the domain or for them.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/registry.hpp"
#include "network/cable.hpp"
#include "network/nat.hpp"

#include <memory>
#include <string>
#include <vector>

namespace windsor::keeper {

struct NetworkParts {
    // For each network card in the configuration, with the domain's end.
    std::vector<network::Cable> cables;
    // The other ends.
    std::vector<std::unique_ptr<network::Nat>> networks;

    // Listens on the ports of the host that are forwarded, and makes the tap devices of cards on bridges, which are
    // called as the configuration says, or vifDOMAIN.CARD. Fails with the place in the configuration if one of these
    // cannot be had. `share` are the ports by which the guests reach shared folders.
    static base::Result<NetworkParts> create(const config::DomainConfig& config, domain::DomainId id,
                                             network::ShareRoute::Ports share = {});
};

// A sentence for each card that is not on the bridge that it names, and why.
std::vector<std::string> network_notes(const config::DomainConfig& config);

} // namespace windsor::keeper
