// SPDX-License-Identifier: GPL-2.0-or-later
// These are what single and repeated string instructions have in common.
#pragma once

#include "translate/emit/parts.hpp"

#include <cstdint>

namespace windsor::translate {

// Returns how many bytes an element has.
inline unsigned element_size(const Instruction& i)
{
    return i.decoded.operand_width / 8;
}

// Makes the instruction's side exit, and leads to it if DF is set. Returns its number.
std::uint32_t begin_upwards(Parts& p, const Instruction& i);

} // namespace windsor::translate
