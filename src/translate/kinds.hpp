// SPDX-License-Identifier: GPL-2.0-or-later
// The translator tells kinds of instructions apart. A row of this table says what belongs to the kind, what its code
// may and may not do, and how it is written. docs/how-translation-works.md shows the table.
#pragma once

#include "translate/decode/instruction.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace windsor::translate {

class AccessGroups;
struct Parts;

// The code of an instruction runs it, or calls the interpreter for it.
enum class Written : std::uint8_t { Natively, ForInterpreter };
using Writer = Written (*)(Parts& parts, const Instruction& i);

// A block goes on behind the instruction, or ends with it.
enum class Ending : std::uint8_t { GoesOn, EndsBlock };

// This says where the instruction may fault, so that a handler sees the flags before it: at the operand that ModRM
// names, at that or at the top of the stack, or anywhere. Accesses whose group has been looked up cannot fault.
enum class Faults : std::uint8_t { Anywhere, AtOperand, AtStack, Never };

// Groups go on behind the instruction only if it does nothing that might make their host addresses wrong.
enum class Groups : std::uint8_t { End, GoOn };

// This says how an instruction accesses the top of the stack, if it accesses nothing else.
enum class Stack : std::uint8_t { Alone, Pushes, Pops };

// A recipe for flags may be kept through the instruction, or has to be followed before it.
enum class Recipe : std::uint8_t { Followed, Kept };

struct KindRow {
    Kind kind{};
    std::string_view name; // this is also the name of the switch that leaves the kind to the interpreter
    // The kind takes instructions with these mnemonics, if `takes` returns true. Plain and Interpret list none.
    std::array<ZydisMnemonic, 16> mnemonics{};
    bool (*takes)(const Instruction& i, const Context& context){nullptr};
    std::optional<Class> of{}; // without a value, the class depends on the unit and the operands
    Ending ending{Ending::GoesOn};
    Faults faults{Faults::Anywhere};
    Groups groups{Groups::End};
    Stack stack{Stack::Alone};
    Recipe recipe{Recipe::Followed};
    // Tells whether the code leaves kTemp0 as an access of a group has left it, or as it was. Null: it does not.
    bool (*spares_temporary)(const AccessGroups& groups, const Instruction& i){nullptr};
    Writer write{nullptr};
    std::string_view how; // how the code works, in a phrase for the document

    // The example is an instruction of the kind, in 64-bit code unless `bits` is 32. There may be another one before
    // it. The cost is how many host instructions one more example takes in a block that has two of them. If it ends the
    // block, the cost is that of the whole block.
    std::string_view example;
    unsigned bits{64};
    unsigned cost{0};
};

std::span<const KindRow> kind_rows();
const KindRow& row_of(Kind kind);
// Returns the kinds that a mnemonic may be of, in the order in which they are tried. Interpret stands for none.
const std::array<Kind, 2>& kinds_of(ZydisMnemonic mnemonic);

} // namespace windsor::translate
