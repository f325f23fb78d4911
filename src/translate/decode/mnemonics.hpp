// SPDX-License-Identifier: GPL-2.0-or-later
// Sets of mnemonics.
#pragma once

#include <Zydis/Zydis.h>

namespace windsor::translate {

// Integer instructions of which all forms with general registers and at most one memory operand are Plain.
bool is_plain(ZydisMnemonic mnemonic);
// Shifts and rotations, which may leave the flags alone.
bool is_shift(ZydisMnemonic mnemonic);
// x87, MMX and SSE instructions that change what others may do, or reach memory in their own way: the interpreter runs
// them.
bool is_interpreted_floating(ZydisMnemonic mnemonic);

} // namespace windsor::translate
