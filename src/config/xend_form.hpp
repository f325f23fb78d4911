// SPDX-License-Identifier: GPL-2.0-or-later
// A domain in the words of xend: what `xm list -l` prints of one that runs, and `xm create -n` of one that does not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/domain_config.hpp"
#include "config/keys.hpp"
#include "config/sxp.hpp"

namespace windsor::config {

// What only a domain that has been started has.
struct XendState {
    unsigned id = 0;
    std::string letters; // as in xm list's column: "-b----"
    double cpu_seconds = 0;
    double start_time = 0; // in seconds since 1970
    std::string vnc;       // ADDRESS:PORT; empty: none
    std::string console;   // the terminal of the serial line; empty: none
};

// "(domain ...)" with a state, "(vm ...)" without.
SxpNode xend_form(const DomainConfig& config, const std::optional<XendState>& state);

// Adds what the rows of the table have at that place, in xend's order.
void add_xend_entries(std::vector<SxpNode>& nodes, XendPlace place, const DomainConfig& config,
                      const std::optional<XendState>& state);

// "(device (CLASS …))"
SxpNode xend_device(std::vector<SxpNode> entries);

} // namespace windsor::config
