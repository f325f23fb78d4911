// SPDX-License-Identifier: GPL-2.0-or-later
// Which mnemonics belong to large sets of instructions.
#pragma once

#include <Zydis/Zydis.h>

namespace windsor::translate {

// Whether all forms of an integer instruction with general registers and at most one memory operand are Plain.
bool is_plain(ZydisMnemonic mnemonic);
// Whether it is a shift or rotation, which may leave the flags alone.
bool is_shift(ZydisMnemonic mnemonic);
// Whether the interpreter runs an x87, MMX or SSE instruction, as it changes what others may do or reaches memory in
// its own way.
bool is_interpreted_floating(ZydisMnemonic mnemonic);

} // namespace windsor::translate
