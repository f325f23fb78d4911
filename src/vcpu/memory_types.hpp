// SPDX-License-Identifier: GPL-2.0-or-later
// Values that the registers of memory types take: MTRRs and PAT. SDM volume 3A, sections 11.11 and 11.12.
#pragma once

#include <cstdint>

namespace windsor::vcpu {

// Uncacheable, write-combining, write-through, write-protected and write-back.
constexpr bool valid_memory_type(std::uint64_t type)
{
    return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

// Eight types, a byte each.
constexpr bool valid_fixed_mtrr(std::uint64_t value)
{
    for (unsigned i = 0; i < 8; ++i) {
        if (!valid_memory_type((value >> (i * 8)) & 0xff)) {
            return false;
        }
    }
    return true;
}

// IA32_MTRR_DEF_TYPE: the type, the fixed ranges' enable, and the enable.
constexpr bool valid_default_mtrr(std::uint64_t value)
{
    constexpr std::uint64_t kDefined = 0xcff;
    return (value & ~kDefined) == 0 && valid_memory_type(value & 0xff);
}

// One of the variable ranges' registers: those with an odd number are masks.
constexpr bool valid_variable_mtrr(unsigned index, std::uint64_t value)
{
    constexpr std::uint64_t kAddress = 0x000f'ffff'ffff'f000;
    constexpr std::uint64_t kValid = 1u << 11;
    const bool mask = (index & 1) != 0;
    return (value & ~(kAddress | (mask ? kValid : 0xffu))) == 0 && (mask || valid_memory_type(value & 0xff));
}

// IA32_PAT: the memory types, and uncached as 7.
constexpr bool valid_pat(std::uint64_t value)
{
    for (unsigned i = 0; i < 8; ++i) {
        const std::uint64_t type = (value >> (i * 8)) & 0xff;
        if (type != 7 && !valid_memory_type(type)) {
            return false;
        }
    }
    return true;
}

} // namespace windsor::vcpu
