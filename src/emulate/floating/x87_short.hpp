// SPDX-License-Identifier: GPL-2.0-or-later
// Two ways to run x87 instructions: the register image, which is always right, and the short forms.
#pragma once

#include "emulate/core/opcode_table.hpp"
#include "emulate/core/stub_recipe.hpp"

namespace windsor::emulate {

// Runs `image`, a stub of X87Form::Image, for `insn`.
Outcome run_x87_image(Cpu& cpu, const Insn& insn, const HostStub& image);

// The handler of a short form, which falls back to run_x87_image(); sets aux. Null if there is none.
Handler select_x87_short(const Decoded& decoded, Insn& insn, const HostStub& image);

} // namespace windsor::emulate
