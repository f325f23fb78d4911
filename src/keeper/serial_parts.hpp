// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain's serial ports are connected to, opened before there is a process for the domain or for its lines.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "serial/relay.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace windsor::keeper {

// Where the domain comes from.
enum class Arrival : std::uint8_t {
    Created,  // from a configuration: files are emptied
    Restored, // from a saved state: files are continued
    Received, // from another host, whose word is not enough to write to a file or to speak to a program of this one
};

struct SerialParts {
    // For each serial port the domain's end of its line; empty if it has no other process to serve it.
    std::vector<base::Fd> lines;
    std::vector<std::unique_ptr<serial::Relay>> relays;
    bool connects{false}; // one of them makes connections

    // Fails with the place in the configuration if something cannot be opened.
    static base::Result<SerialParts> create(const config::DomainConfig& config, Arrival arrival);
};

} // namespace windsor::keeper
