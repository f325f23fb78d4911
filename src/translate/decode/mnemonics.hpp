// SPDX-License-Identifier: GPL-2.0-or-later
// These functions say which mnemonics belong to large sets of instructions.
#pragma once

#include <Zydis/Zydis.h>

namespace windsor::translate {

// Tells whether all forms of an integer instruction with general registers and at most one memory operand are Plain.
bool is_plain(ZydisMnemonic mnemonic);
// Tells whether it is a shift or rotation, which may leave the flags alone.
bool is_shift(ZydisMnemonic mnemonic);
// Tells whether an x87, MMX or SSE instruction is left to the interpreter, because it changes what others may do or
// accesses memory in its own way.
bool is_interpreted_floating(ZydisMnemonic mnemonic);

} // namespace windsor::translate
