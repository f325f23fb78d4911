// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/operands.hpp"
#include "translate/emit/relocate.hpp"
#include "translate/emit/writers.hpp"

namespace windsor::translate {

namespace {

void write_registers_only(Parts& p, const Instruction& i, Operands& operands)
{
    p.flags.bring_for(i);
    const auto before = [&] { p.attribution.may_be_refused(); };
    if (const auto guest = operands.take_in_place(i)) {
        const Mem place = p.a.gpr(*guest);
        before();
        write_encoding(p.a, p.progress.context, i, operands, &place);
    } else {
        write_relocated(p.a, p.progress.context, i, operands, nullptr, before);
    }
    p.flags.written_by(i);
}

// When an access to a window faults, all registers must be in their places, so such an access is not made while bytes
// are swapped. The host checks the alignment of an access in a group, because the group's lookup has not checked it.
void write_with_memory(Parts& p, const Instruction& i, const Operands& operands)
{
    const bool windowed = p.progress.window;
    p.progress.window = windowed && !operands.swaps();
    p.memory.begin_access(i, TouchesStack::No);
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    const Access access{.size = i.memory_bytes(),
                        .write = i.writes_memory(),
                        .aligned = must_be_aligned(i),
                        .indexed = operands.count == 0 && !FlagState::are_wanted_by(i),
                        .away = operands.swaps() ? operands.swapped : x86::kGprCount};
    const Mem mem = p.memory.operand(i, access, exit);
    const bool faults = p.progress.window || (access.aligned && p.groups.is_grouped(i.place));
    p.progress.window = windowed;
    p.flags.bring_for(i);
    write_relocated(p.a, p.progress.context, i, operands, &mem, [&] {
        if (faults) {
            p.cold.may_fault_here(exit);
        }
        if (!operands.swaps()) {
            p.attribution.may_be_refused();
        }
    });
    p.flags.written_by(i);
    p.cold.resumes(exit);
}

} // namespace

Written write_plain(Parts& p, const Instruction& i)
{
    const bool memory = i.memory != nullptr;
    Operands operands{i, memory ? OperandsInMemory::One : OperandsInMemory::None};
    if (!operands.possible || (memory && !can_address(p.progress.context, i))) {
        return Written::ForInterpreter;
    }
    p.units.ensure_for(i);
    if (memory) {
        write_with_memory(p, i, operands);
    } else {
        write_registers_only(p, i, operands);
    }
    return Written::Natively;
}

} // namespace windsor::translate
