// SPDX-License-Identifier: GPL-2.0-or-later
// Linear addresses. SDM volume 1, section 3.3.7.1.
#pragma once

#include "base/strong.hpp"

#include <cstdint>

namespace windsor::x86 {

// What segmentation makes of a segment's base and an offset, and what paging makes a physical address of.
using Linear = base::Strong<struct LinearTag, std::uint64_t>;

// Whether bits 48 to 63 equal bit 47, as the address of an access in 64-bit mode has them.
constexpr bool canonical(std::uint64_t address)
{
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << 16) >> 16) == address;
}
constexpr bool canonical(Linear address)
{
    return canonical(address.raw());
}

} // namespace windsor::x86
