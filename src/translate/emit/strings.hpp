// SPDX-License-Identifier: GPL-2.0-or-later
// What single and repeated string instructions have in common.
#pragma once

#include "translate/emit/parts.hpp"

#include <cstdint>

namespace windsor::translate {

inline unsigned element_size(const Instruction& i) // bytes
{
    return i.decoded.operand_width / 8;
}

// Gives the instruction's side exit, to which it leads if DF says downwards.
std::uint32_t begin_upwards(Parts& p, const Instruction& i);

} // namespace windsor::translate
