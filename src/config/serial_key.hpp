// SPDX-License-Identifier: GPL-2.0-or-later
// The key serial: what the serial ports are connected to.
#pragma once

#include "base/result.hpp"
#include "config/reading.hpp"
#include "config/xend_printers.hpp"
#include "serial/end.hpp"

#include <vector>

namespace windsor::config {

void read_serial(const KeyInfo& key, const Setting& setting, Reading& reading);
SxpNodes xend_serial(const DomainConfig& config, const std::optional<XendState>& state);
// A text for one port, a list for several.
nlohmann::ordered_json xl_serial(const KeyInfo& key, const DomainConfig& config);

// Of COM1 and those that follow: one that is connected to nobody if the configuration does not say. Fails if it is out
// of a saved state, and no configuration could be so.
base::Result<std::vector<serial::End>> serial_ends(const DomainConfig& config);

// Whether one of them is a terminal that the console command can join.
bool has_terminal(const DomainConfig& config);

} // namespace windsor::config
