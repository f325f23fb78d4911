// SPDX-License-Identifier: GPL-2.0-or-later
// These functions say what form a decoded instruction has, as far as that decides how the translator writes it.
#pragma once

#include "translate/decode/instruction.hpp"

namespace windsor::translate {

// Tells whether an operand is a segment, control, debug or test register.
bool names_system_register(const Instruction& i);
// Tells whether the same instruction with other registers and another memory operand does the same: it has at most one
// memory operand, of up to 32 bytes, in an address size of 32 or 64 bits, and reaches no memory besides.
bool relocatable(const Instruction& i);
// Tells whether the operand size is that of the stack and of branch targets. 16-bit sizes of these are rare.
bool usual_width(const Instruction& i, const Context& context);

// Tells whether it is a string instruction. The mnemonic MOVSD alone does not tell, since SSE has one as well.
bool is_string(const Instruction& i);
// Tells whether a string instruction has neither another segment nor another address size than usual.
bool usual_string(const Instruction& i, const Context& context);
// Tells whether a string instruction has a prefix that repeats it. Such a prefix counts even if Zydis gives it no
// meaning.
bool repeats(const Instruction& i);

// Tells whether it is a MOV from a segment register to a general one.
bool reads_selector(const Instruction& i, const Context& context);
// Tells whether it loads DS, ES, FS or GS in a kernel outside long mode. Code of other privilege would have to look the
// descriptor up in another way.
bool loads_selector(const Instruction& i, const Context& context);

} // namespace windsor::translate
