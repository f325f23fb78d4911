// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/domain_config.hpp"
#include "machine/spec.hpp"

#include <vector>

namespace windsor::domain {

// The network cards of a configuration, without their cables.
std::vector<machine::NetworkCardSpec> network_cards(const config::DomainConfig& config);

} // namespace windsor::domain
