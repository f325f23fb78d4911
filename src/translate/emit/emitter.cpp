// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/emitter.hpp"

#include "translate/emit/fixups.hpp"

namespace windsor::translate {

void Emitter::begin(const Assembler& at)
{
    static_cast<Assembler&>(*this) = at;
    begin_ = position();
    fixups_.clear();
    movable_ = true;
}

void Emitter::load_guest(Reg to, unsigned guest, Width width)
{
    if (in_memory(guest)) {
        load(to, gpr(guest), width);
    } else {
        mov(to, host_register(guest), width);
    }
}

void Emitter::copy_quadwords(Mem to, Mem from, std::size_t bytes, Reg temporary)
{
    for (std::size_t at = 0; at < bytes; at += 8) {
        load(temporary, from);
        store(to, temporary);
        from.displacement += 8;
        to.displacement += 8;
    }
}

void Emitter::mov_address(Reg to, std::uint64_t address)
{
    mov(to, address);
    const Fixup::Kind form = form_of_value(address);
    note(form, position() - (form == Fixup::Kind::Value64 ? 8 : 4), address);
}

void Emitter::mov_value(Reg to, std::uint64_t value, Moves moves)
{
    moves == Moves::WithBlock ? mov_address(to, value) : mov(to, value);
}

void Emitter::note(Fixup::Kind kind, const std::uint8_t* at, std::uint64_t address)
{
    fixups_.push_back({.kind = kind, .at = static_cast<std::uint32_t>(at - begin_), .address = address});
}

void Emitter::jump_to_stub(const std::uint8_t* stub)
{
    jmp(stub);
    note_last(Fixup::Kind::Jump);
}

void Emitter::call_stub(std::uint32_t number, Fixup::Kind kind, const std::uint8_t* stub)
{
    mov32(kTemp1, number);
    note_last(kind);
    jump_to_stub(stub);
}

std::uint8_t* Emitter::jump_through_table(std::size_t slot, std::uint64_t target)
{
    const JumpEntry& entry = frame_.jumps[slot][jump_index(target)];
    mov_address(kTemp0, target);
    alu(Alu::Cmp, kTemp0, cell(&entry.rip));
    note_last(Fixup::Kind::JumpEntry, target);
    std::uint8_t* miss = jcc(Cond::Ne);
    jmp(cell(&entry.code));
    note_last(Fixup::Kind::JumpEntry, target);
    return miss;
}

} // namespace windsor::translate
