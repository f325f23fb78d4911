// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"
#include "firmware/fw_cfg.hpp"

#include <functional>

namespace windsor::firmware {

// FwCfg::kPortCount ports. `fill` puts the items in; the outlets, which stay, have all devices that come before it.
chipset::Make fw_cfg_unit(std::function<void(FwCfg&, const chipset::Outlets&)> fill);

} // namespace windsor::firmware
