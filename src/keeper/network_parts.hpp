// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's networks, made before there is a process for the domain or for them.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "network/nat.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace windsor::keeper {

struct NetworkParts {
    // For each network card in the configuration the domain's end of its cable; none if it is not plugged in.
    std::vector<base::Fd> cables;
    // The other ends.
    std::vector<std::unique_ptr<network::Nat>> networks;

    // Listens on the ports of the host that are forwarded. Fails with the place in the configuration if one of them
    // cannot be had.
    static base::Result<NetworkParts> create(const config::DomainConfig& config);
};

} // namespace windsor::keeper
