// SPDX-License-Identifier: GPL-2.0-or-later
// Where a network card's cable leads: Windsor's own options in the strings of vif=.
#pragma once

#include "network/host_forward.hpp"
#include "network/nat.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::config {

enum class VifNetwork : std::uint8_t {
    Auto,   // the bridge that is named, if there is one that may be used; else NAT
    Nat,    // behind the host's address
    Bridge, // the bridge that is named, or the domain does not start
    None,   // the cable is not plugged in
};

struct VifWiring {
    VifNetwork network{VifNetwork::Auto};
    network::HostServices host{network::HostServices::Hidden};
    std::vector<network::HostForward> forwards{};
    std::string boot_file{}; // what DHCP has firmware boot; empty for nothing
};

// Whether the option's name is one of these: network, hostfwd, hostaccess and bootfile.
bool is_wiring(std::string_view name);
std::expected<void, std::string> set_wiring(VifWiring& wiring, std::string_view name, std::string_view value);

// Reads these options in a string of vif=, and leaves out all others.
std::expected<VifWiring, std::string> parse_wiring(std::string_view text);

} // namespace windsor::config
