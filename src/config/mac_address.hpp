// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of network cards that a configuration leaves open.
#pragma once

#include "config/domain_config.hpp"

namespace windsor::config {

// Gives each network card without a MAC address one in Xen's range (00:16:3e), which follows from the domain's UUID, or
// its name where it has none, and the card's number: Windows sees the same card at each start, and two domains have
// different ones.
void resolve_macs(DomainConfig& config);

} // namespace windsor::config
