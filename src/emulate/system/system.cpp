// SPDX-License-Identifier: GPL-2.0-or-later
// The family of privileged instructions, put together.
#include "emulate/system/system_families.hpp"

namespace windsor::emulate {

Handler select_system_move(const Decoded& decoded, Insn& insn)
{
    if (Handler handler = select_segment_move(decoded, insn)) {
        return handler;
    }
    if (decoded.instruction.mnemonic != ZYDIS_MNEMONIC_MOV) {
        return nullptr;
    }
    if (Handler handler = select_control_move(decoded, insn)) {
        return handler;
    }
    return select_debug_move(decoded, insn);
}

void add_system(OpcodeTable& table)
{
    add_segments(table);
    add_segment_queries(table);
    add_far_returns(table);
    add_interrupts(table);
    add_flag_instructions(table);
    add_control(table);
    add_system_tables(table);
    add_msr(table);
    add_processor_info(table);
    add_syscall(table);
}

} // namespace windsor::emulate
