// SPDX-License-Identifier: GPL-2.0-or-later
// Stubs of VEX-encoded instructions. Register operands are passed by the address of their XMM half in a CpuState;
// the YMM half lies at a fixed distance from it.
#pragma once

#include "emulate/core/stub_parts.hpp"

namespace windsor::emulate {

void write_vex(asmjit::x86::Assembler& out, const StubRecipe& recipe);

} // namespace windsor::emulate
