// SPDX-License-Identifier: GPL-2.0-or-later
// This writes a guest's instruction with host registers in place of the guest's, and with another memory operand. SDM
// volume 2A, chapter 2.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace windsor::translate {

enum class OperandsInMemory : std::uint8_t { None, One };

// This says which host registers the fields of an encoding name.
struct Operands {
    static constexpr unsigned kKept = 0xff; // the field is kept as it is
    unsigned reg{kKept};    // the register in ModRM.reg
    unsigned rm{kKept};     // the register in ModRM.rm
    unsigned opcode{kKept}; // the register in the opcode's low bits
    unsigned vvvv{kKept};
    unsigned swapped{kKept}; // a register whose two low bytes change places around the instruction
    unsigned direction{0};   // these bits of the opcode are flipped

    // A guest register that lives in memory borrows a host register for the instruction.
    struct Borrowed {
        unsigned guest;
        Reg host;
        bool read;
        bool written;
    };
    std::array<Borrowed, 2> borrowed{};
    unsigned count{0};   // how many are borrowed
    bool possible{true}; // the instruction can be relocated

    Operands(const Instruction& i, OperandsInMemory memory);

    bool swaps() const { return swapped != kKept; }
    // Returns the guest register that lives in memory, if there is one, and the instruction, which has no memory
    // operand, can work on it there. The register's operand becomes the one in ModRM.rm, if need be by the opcode with
    // both operands the other way round.
    std::optional<unsigned> take_in_place(const Instruction& i);

private:
    void add(const Instruction& i, const ZydisDecodedOperand& operand, unsigned room);
    unsigned borrow(unsigned guest, const Instruction& i, const ZydisDecodedOperand& operand, unsigned room);
    void place_high_bytes(const Instruction& i, OperandsInMemory memory);

    unsigned high_{kKept}; // the number of the register whose second byte is an operand
};

// Writes the instruction itself. `memory` is its operand in memory, or null.
void write_encoding(Emitter& a, const Context& context, const Instruction& i, const Operands& operands,
                    const Mem* memory);

// Writes the instruction with loads and stores of the registers that it borrows. `before` is called before the
// instruction itself is written.
template <typename Before> void write_relocated(Emitter& a, const Context& context, const Instruction& i,
                                                const Operands& operands, const Mem* memory, Before before)
{
    for (unsigned n = 0; n < operands.count; ++n) {
        if (operands.borrowed[n].read) { // a register that is not always written, or in part, counts as read
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
