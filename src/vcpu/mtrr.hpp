// SPDX-License-Identifier: GPL-2.0-or-later
// Memory type range registers: kept for the guest, without effect. SDM volume 3A, section 11.11.
#pragma once

#include "vcpu/state.hpp"

#include <cstdint>
#include <optional>

namespace windsor::vcpu {

bool is_mtrr(std::uint32_t number);
// None: no such register.
std::optional<std::uint64_t> read_mtrr(const Mtrrs& mtrrs, std::uint32_t number);
// False: no such register, or a value with an unknown memory type or reserved bits.
bool write_mtrr(Mtrrs& mtrrs, std::uint32_t number, std::uint64_t value);

} // namespace windsor::vcpu
