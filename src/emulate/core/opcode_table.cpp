// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/opcode_table.hpp"

namespace windsor::emulate {

OpcodeTable::OpcodeTable()
{
    add_integer(*this);
    add_string(*this);
    add_system(*this);
    add_x87(*this);
    add_simd(*this);
}

} // namespace windsor::emulate
