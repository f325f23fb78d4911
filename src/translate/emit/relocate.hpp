// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's instruction once more, with host registers in place of the guest's and another memory operand. SDM volume
// 2A, chapter 2.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace windsor::translate {

enum class OperandsInMemory : std::uint8_t { None, One };

// Which host registers the fields of the encoding name.
struct Operands {
    static constexpr unsigned kKept = 0xff; // the field is kept as it is
    unsigned reg{kKept}; // ModRM.reg
    unsigned rm{kKept}; // ModRM.rm
    unsigned opcode{kKept}; // the opcode's low bits
    unsigned vvvv{kKept};
    unsigned swapped{kKept}; // a register whose two low bytes change places around the instruction
    unsigned direction{0}; // what the opcode differs in

    // Guest registers that live in memory, and where they are meanwhile.
    struct Borrowed {
        unsigned guest;
        Reg host;
        bool read;
        bool written;
    };
    std::array<Borrowed, 2> borrowed{};
    unsigned count{0}; // of these
    bool possible{true}; // false: the instruction cannot be relocated

    Operands(const Instruction& i, OperandsInMemory memory);

    bool swaps() const { return swapped != kKept; }
    // Of an instruction without memory operand: the one guest register that lives in memory, if the instruction can
    // work on it there. Its operand becomes the one in ModRM.rm, if need be by the opcode that has both the other way
    // round.
    std::optional<unsigned> take_in_place(const Instruction& i);

private:
    void add(const Instruction& i, const ZydisDecodedOperand& operand, unsigned room);
    unsigned borrow(unsigned guest, const Instruction& i, const ZydisDecodedOperand& operand, unsigned room);
    void place_high_bytes(const Instruction& i, OperandsInMemory memory);

    unsigned high_{kKept}; // the register of AH to BH
};

// Writes the instruction itself. `memory` is its operand in memory, or null.
void write_encoding(Emitter& a, const Context& context, const Instruction& i, const Operands& operands,
                    const Mem* memory);

// Writes the instruction with what it takes to have its registers there. `before` is called when the instruction itself
// is next.
template <typename Before> void write_relocated(Emitter& a, const Context& context, const Instruction& i,
                                                const Operands& operands, const Mem* memory, Before before)
{
    for (unsigned n = 0; n < operands.count; ++n) {
        if (operands.borrowed[n].read) { // which may mean that it is not always written, or in part
            a.load(operands.borrowed[n].host, a.gpr(operands.borrowed[n].guest));
        }
    }
    const auto swap = [&] {
        if (operands.swaps()) {
            a.swap_low_bytes(static_cast<Reg>(operands.swapped));
        }
    };
    swap();
    before();
    write_encoding(a, context, i, operands, memory);
    swap();
    for (unsigned n = 0; n < operands.count; ++n) {
        if (operands.borrowed[n].written) {
            a.store(a.gpr(operands.borrowed[n].guest), operands.borrowed[n].host);
        }
    }
}

} // namespace windsor::translate
