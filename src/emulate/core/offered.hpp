// SPDX-License-Identifier: GPL-2.0-or-later
// Which instruction sets a processor model offers.
#pragma once

#include "vcpu/cpu_model.hpp"

#include <bitset>

#include <Zydis/Zydis.h>

namespace windsor::emulate {

std::bitset<ZYDIS_ISA_SET_MAX_VALUE + 1> offered_sets(const vcpu::CpuModel& model);

} // namespace windsor::emulate
