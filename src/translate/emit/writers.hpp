// SPDX-License-Identifier: GPL-2.0-or-later
// Each of these functions writes instructions of some kinds. The table of kinds (translate/kinds.cpp) says of which.
#pragma once

#include "translate/emit/parts.hpp"
#include "translate/kinds.hpp"

namespace windsor::translate {

// plain.cpp
Written write_plain(Parts& p, const Instruction& i);

// moves.cpp
Written write_lea(Parts& p, const Instruction& i);
Written write_division(Parts& p, const Instruction& i);
Written write_nop(Parts& p, const Instruction& i);
Written write_direction(Parts& p, const Instruction& i);
Written write_bit_string(Parts& p, const Instruction& i);

// stack.cpp
Written write_push(Parts& p, const Instruction& i);
Written write_pop(Parts& p, const Instruction& i);
Written write_leave(Parts& p, const Instruction& i);
Written write_push_flags(Parts& p, const Instruction& i);
Written write_pop_flags(Parts& p, const Instruction& i);

// strings.cpp
Written write_lods(Parts& p, const Instruction& i);
Written write_stos(Parts& p, const Instruction& i);
Written write_movs(Parts& p, const Instruction& i);
Written write_repeated_movs(Parts& p, const Instruction& i);
Written write_repeated_stos(Parts& p, const Instruction& i);
Written write_repeated_scas(Parts& p, const Instruction& i);
// Makes the registers those that the guest's instruction goes on with, after a host instruction of a repeated string
// instruction has been interrupted. Changes the host's flags.
void give_back_pointers(Emitter& a, Pointers pointers, Width word);

// branches.cpp
Written write_jump(Parts& p, const Instruction& i);
Written write_conditional(Parts& p, const Instruction& i);
Written write_count_zero(Parts& p, const Instruction& i);
Written write_call(Parts& p, const Instruction& i);
Written write_indirect(Parts& p, const Instruction& i);
Written write_return(Parts& p, const Instruction& i);

// system.cpp
Written write_swapgs(Parts& p, const Instruction& i);
Written write_cli(Parts& p, const Instruction& i);
Written write_sti(Parts& p, const Instruction& i);
Written write_stac_clac(Parts& p, const Instruction& i);

// selector_loads.cpp
Written write_read_selector(Parts& p, const Instruction& i);
Written write_push_selector(Parts& p, const Instruction& i);
Written write_load_selector(Parts& p, const Instruction& i);

} // namespace windsor::translate
