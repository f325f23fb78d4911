// SPDX-License-Identifier: GPL-2.0-or-later
// A network card's cable that leads to a bridge of the host's, by a tap device.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <string>

namespace windsor::network {

// Fails, with a sentence that says why, if the host has no bridge of that name, or whoever calls this may not plug
// anything into it. Nothing is changed.
base::Status check_bridge(const std::string& bridge);

// Makes a tap device of that name, as Xen's script vif-bridge does: it has the bridge's MTU, an address that the bridge
// does not take for its own, is up, and is gone when the descriptor is closed. A read(2) or write(2) of the descriptor,
// which does not wait, is a frame.
base::Result<base::Fd> tap_on_bridge(const std::string& bridge, const std::string& name);

} // namespace windsor::network
