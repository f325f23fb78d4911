// SPDX-License-Identifier: GPL-2.0-or-later
// Linear addresses. SDM volume 1, section 3.3.7.1.
#pragma once

#include <cstdint>

namespace windsor::x86 {

// Whether bits 48 to 63 equal bit 47, as the address of an access in 64-bit mode has them.
constexpr bool canonical(std::uint64_t address)
{
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << 16) >> 16) == address;
}

} // namespace windsor::x86
