// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "keeper/helper.hpp"
#include "network/nat.hpp"

#include <memory>
#include <sys/types.h>
#include <vector>

namespace windsor::keeper {

// Serves the networks of a domain's cards that are behind NAT. `gate` leads to shared folders, and is null if there are
// none; `user` is whom root becomes behind the walls.
std::unique_ptr<Helper> network_helper(std::vector<std::unique_ptr<network::Nat>> networks,
                                       std::unique_ptr<network::ShareGate> gate, sandbox::Mode walls, uid_t user);

} // namespace windsor::keeper
