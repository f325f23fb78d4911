// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of machine checks, of which none ever happens. SDM volume 3B, section 15.3.2.
#pragma once

#include "vcpu/state.hpp"

#include <cstdint>

namespace windsor::vcpu {

bool is_machine_check_bank(std::uint32_t number);
std::uint64_t read_machine_check_bank(const MachineCheckBanks& banks, std::uint32_t number);
// False: the value is not one that may be written.
bool write_machine_check_bank(MachineCheckBanks& banks, std::uint32_t number, std::uint64_t value);

} // namespace windsor::vcpu
