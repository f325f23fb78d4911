// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "machine/spec.hpp"
#include "network/token_bucket.hpp"

#include <optional>
#include <vector>

namespace windsor::domain {

// The network cards of a configuration, without their cables.
std::vector<machine::NetworkCardSpec> network_cards(const config::DomainConfig& config);

// How fast a card may send; nothing if its text sets no rate. Fails if that of a saved state is none.
base::Result<std::optional<network::Rate>> rate_of(const config::VifConfig& vif);

} // namespace windsor::domain
