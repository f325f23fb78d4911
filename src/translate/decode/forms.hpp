// SPDX-License-Identifier: GPL-2.0-or-later
// What form a decoded instruction has, as far as it decides how the translator writes it.
#pragma once

#include "translate/decode/instruction.hpp"

namespace windsor::translate {

// Whether an operand is a segment, control, debug or test register.
bool names_system_register(const Instruction& i);
// Whether the same instruction with other registers and another memory operand does the same: it has at most one memory
// operand, of up to 32 bytes, in an address size of 32 or 64 bits, and reaches no memory besides.
bool relocatable(const Instruction& i);
// Whether the operand size is that of the stack and of branch targets. 16-bit sizes of these are rare.
bool usual_width(const Instruction& i, const Context& context);

// SSE has a MOVSD as well.
bool is_string(const Instruction& i);
// Whether a string instruction has neither another segment nor another address size than usual.
bool usual_string(const Instruction& i, const Context& context);
// Whether a string instruction has a prefix that repeats it: they count even where Zydis gives them no meaning.
bool repeats(const Instruction& i);

// Whether it is a MOV from a segment register to a general one.
bool reads_selector(const Instruction& i, const Context& context);
// Whether it loads DS, ES, FS or GS by a kernel outside long mode. Accesses in the name of the kernel's programs would
// go another way.
bool loads_selector(const Instruction& i, const Context& context);

} // namespace windsor::translate
