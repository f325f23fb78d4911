// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/edges.hpp"

namespace windsor::translate {

void Edges::test_signals()
{
    static_assert((kHeeded & 0xff) != 0 && static_cast<std::uint32_t>(vcpu::Signal::Attention) < 0x100);
    const Frame& frame = a_.frame();
    const Mem word{.base = kTemp1};
    a_.load(kTemp1, a_.cell(&frame.signals));
    if (progress_.context.open) { // in this context no signal is masked
        a_.test_byte(word, kHeeded & 0xff);
        return;
    }
    a_.load(kTemp1, word, Width::Dword);
    a_.test_memory(a_.cell(&frame.heeded), kTemp1);
}

void Edges::look_for_signals(std::uint64_t rip)
{
    flags_.clobber();
    test_signals();
    cold_.leave_for_signals(a_.jcc(Cond::Ne), rip);
}

void Edges::write_entries()
{
    Block& block = *progress_.block;
    block.from_host = a_.address();
    if (block.flags != FlagPlace::Nowhere || progress_.single) {
        flags_.save();
    }
    block.from_memory = a_.address();
    test_signals();
    cold_.leave_for_signals(progress_.single ? a_.jmp() : a_.jcc(Cond::Ne), block.rip);
    block.unchecked = a_.address();
    flags_.are_in_memory();
    if (block.flags == FlagPlace::Host) {
        flags_.restore();
    }
}

void Edges::edge(std::uint64_t target, Flags live)
{
    target = progress_.context.wrap(target);
    if (progress_.in_same_page(target)) {
        flags_.bring_for_edge(live);
        edge_at(a_.jmp(), target, live);
        return;
    }
    flags_.clobber();
    cold_.table_miss(a_.jump_through_table(progress_.slot, target), target);
}

void Edges::edge_at(std::uint8_t* displacement, std::uint64_t target, Flags live)
{
    target = progress_.context.wrap(target);
    const FlagPlace flags = live == 0 ? FlagPlace::Nowhere : flags_.place();
    if (progress_.in_same_page(target)) {
        cold_.link(displacement, target, flags);
    } else {
        cold_.far_edge(displacement, target, flags);
    }
}

void Edges::find_jump(std::uint32_t exit)
{
    static_assert(sizeof(JumpEntry) == 16);
    Mem rip = a_.cell(&a_.frame().jumps[progress_.slot][0].rip);
    rip.index = kTemp1;
    constexpr unsigned kEntryShift = 4;
    a_.imul32(kTemp1, kTemp0, static_cast<std::int32_t>(kJumpFactor));
    a_.shift_right(kTemp1, kJumpShift - kEntryShift, Width::Dword);
    a_.alu(Alu::And, kTemp1, static_cast<std::int32_t>((kJumpEntries - 1) << kEntryShift), Width::Dword);
    a_.alu(Alu::Cmp, kTemp0, rip);
    cold_.branch_to_exit(a_.jcc(Cond::Ne), exit);
}

Mem Edges::found_code() const
{
    Mem code = a_.cell(&a_.frame().jumps[progress_.slot][0].code);
    code.index = kTemp1;
    return code;
}

} // namespace windsor::translate
