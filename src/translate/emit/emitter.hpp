// SPDX-License-Identifier: GPL-2.0-or-later
// The emitter is the assembler of translated code. It knows where the frame and the guest's registers are, and notes
// which places of the code would be different elsewhere, so that blocks can be copied.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/cache/block.hpp"
#include "translate/emit/assembler.hpp"
#include "translate/emit/frame.hpp"

#include <cstdint>
#include <vector>

namespace windsor::translate {

// Some values are addresses that move with the block if the block is copied.
enum class Moves : std::uint8_t { No, WithBlock };

class Emitter : public Assembler {
public:
    Emitter(Frame& frame, emulate::Cpu& cpu) : Assembler{nullptr, nullptr}, frame_{frame}, cpu_{cpu} {}

    // Begins new code, and forgets what has been noted of other code.
    void begin(const Assembler& at);
    // Returns how many bytes have been written since begin().
    std::size_t size() const { return static_cast<std::size_t>(position() - begin_); }
    std::size_t offset_of(const std::uint8_t* written) const { return static_cast<std::size_t>(written - begin_); }

    // --- Operands ---
    Frame& frame() const { return frame_; }
    emulate::Cpu& cpu() const { return cpu_; }
    // Returns an operand for memory at a fixed distance from the frame.
    Mem cell(const void* at) const
    {
        const auto distance = static_cast<const std::uint8_t*>(at) - reinterpret_cast<const std::uint8_t*>(&frame_);
        return {.base = kFrame, .displacement = static_cast<std::int32_t>(distance)};
    }
    Mem gpr(unsigned guest) const { return cell(&cpu_.s.gpr[guest]); }
    // Loads 32 or 64 bits of a guest register.
    void load_guest(Reg to, unsigned guest, Width width);
    void move_stack_pointer(std::int32_t by, Width word)
    {
        lea(kGuestRsp, {.base = kGuestRsp, .displacement = by}, word);
    }
    void copy_quadwords(Mem to, Mem from, std::size_t bytes, Reg temporary);

    // --- Code that depends on where it is ---
    // Moves an address to a register that moves with the block.
    void mov_address(Reg to, std::uint64_t address);
    void mov_value(Reg to, std::uint64_t value, Moves moves);
    // Notes a fixup. `at` is its first byte, and `address` the linear address that it depends on.
    void note(Fixup::Kind kind, const std::uint8_t* at, std::uint64_t address = 0);
    // Notes a fixup of the four bytes that were written last.
    void note_last(Fixup::Kind kind, std::uint64_t address = 0) { note(kind, position() - 4, address); }
    // Notes that the code cannot be copied, because an address in it does not move by as much as the block.
    void note_unmovable() { movable_ = false; }
    bool movable() const { return movable_; }
    const std::vector<Fixup>& fixups() const { return fixups_; }

    // --- Jumps out of the block ---
    void jump_to_stub(const std::uint8_t* stub);
    void call_stub(std::uint32_t number, Fixup::Kind kind, const std::uint8_t* stub);
    // Writes a jump to the code that the jump table with the number `slot` has for `target`. Any change of mappings may
    // change which block an address of another page leads to, so the table is asked each time. Returns where the
    // displacement of the jump is that is taken if the table does not have the address.
    [[nodiscard]] std::uint8_t* jump_through_table(std::size_t slot, std::uint64_t target);

private:
    Frame& frame_;
    emulate::Cpu& cpu_;
    const std::uint8_t* begin_{nullptr};
    std::vector<Fixup> fixups_;
    bool movable_{true};
};

} // namespace windsor::translate
