// SPDX-License-Identifier: GPL-2.0-or-later
// The assembler of translated code: it knows where the frame and the guest's registers are, and notes what of the code
// would be different at another place, so that blocks can be copied.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/cache/block.hpp"
#include "translate/emit/assembler.hpp"
#include "translate/emit/frame.hpp"

#include <cstdint>
#include <vector>

namespace windsor::translate {

// Whether a value is an address that moves with the block if the block is copied.
enum class Moves : std::uint8_t { No, WithBlock };

class Emitter : public Assembler {
public:
    Emitter(Frame& frame, emulate::Cpu& cpu) : Assembler{nullptr, nullptr}, frame_{frame}, cpu_{cpu} {}

    // Begins new code, of which nothing has been noted.
    void begin(const Assembler& at);
    std::size_t size() const { return static_cast<std::size_t>(position() - begin_); } // bytes since begin()
    std::size_t offset_of(const std::uint8_t* written) const { return static_cast<std::size_t>(written - begin_); }

    // --- Operands ---
    Frame& frame() const { return frame_; }
    emulate::Cpu& cpu() const { return cpu_; }
    // Memory at a fixed distance from the frame.
    Mem cell(const void* at) const
    {
        const auto distance = static_cast<const std::uint8_t*>(at) - reinterpret_cast<const std::uint8_t*>(&frame_);
        return {.base = kFrame, .displacement = static_cast<std::int32_t>(distance)};
    }
    Mem gpr(unsigned guest) const { return cell(&cpu_.s.gpr[guest]); }
    void load_guest(Reg to, unsigned guest, Width width); // Dword or Qword
    void move_stack_pointer(std::int32_t by, Width word)
    {
        lea(kGuestRsp, {.base = kGuestRsp, .displacement = by}, word);
    }
    void copy_quadwords(Mem to, Mem from, std::size_t bytes, Reg temporary);

    // --- What depends on the place of the code ---
    void mov_address(Reg to, std::uint64_t address); // one that moves with the block
    void mov_value(Reg to, std::uint64_t value, Moves moves);
    // `at` is the first byte of the field, `address` the linear address that it depends on.
    void note(Fixup::Kind kind, const std::uint8_t* at, std::uint64_t address = 0);
    // The same for the four bytes that were written last.
    void note_last(Fixup::Kind kind, std::uint64_t address = 0) { note(kind, position() - 4, address); }
    // The code cannot be copied: an address in it does not move by as much as the block.
    void note_unmovable() { movable_ = false; }
    bool movable() const { return movable_; }
    const std::vector<Fixup>& fixups() const { return fixups_; }

    // --- Ways out ---
    void jump_to_stub(const std::uint8_t* stub);
    void call_stub(std::uint32_t number, Fixup::Kind kind, const std::uint8_t* stub);
    // Goes where the jump table with the number `slot` says that the code for `target` is. Which block an address of
    // another page leads to may change with every change of mappings, so the table is asked each time. Gives the
    // displacement of the jump that is taken if the table does not know it.
    [[nodiscard]] std::uint8_t* jump_through_table(std::size_t slot, std::uint64_t target);

private:
    Frame& frame_;
    emulate::Cpu& cpu_;
    const std::uint8_t* begin_{nullptr};
    std::vector<Fixup> fixups_;
    bool movable_{true};
};

} // namespace windsor::translate
