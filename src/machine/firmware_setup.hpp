// SPDX-License-Identifier: GPL-2.0-or-later
// What firmware finds in fw_cfg.
#pragma once

#include "chipset/outlets.hpp"
#include "firmware/fw_cfg.hpp"
#include "firmware/hal.hpp"
#include "machine/spec.hpp"

namespace windsor::machine {

firmware::HalKeys hal_keys(const MachineSpec& spec);

// Puts all items in, for a machine that there is a HAL for. The outlets stay: tables are made when firmware asks for
// them.
void fill_fw_cfg(firmware::FwCfg& fw_cfg, const MachineSpec& spec, const chipset::Outlets& outlets);

} // namespace windsor::machine
