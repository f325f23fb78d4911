// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/operands.hpp"

namespace windsor::emulate {

void add_string(OpcodeTable&) {}

} // namespace windsor::emulate
