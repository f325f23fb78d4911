// SPDX-License-Identifier: GPL-2.0-or-later
// The key share: folders of the host's that the guest finds in its network.
#pragma once

#include "config/reading.hpp"

namespace windsor::config {

void read_share(const KeyInfo& key, const Setting& setting, Reading& reading);

} // namespace windsor::config
