// SPDX-License-Identifier: GPL-2.0-or-later
// What firmware finds in fw_cfg.
#pragma once

#include "chipset/outlets.hpp"
#include "firmware/fw_cfg.hpp"
#include "machine/spec.hpp"

namespace windsor::machine {

// Puts all items in. The outlets stay: tables are made when firmware asks for them.
void fill_fw_cfg(firmware::FwCfg& fw_cfg, const MachineSpec& spec, const chipset::Outlets& outlets);

} // namespace windsor::machine
