// SPDX-License-Identifier: GPL-2.0-or-later
// The kinds of instructions that the translator tells apart, a row each: what belongs to the kind, what its code may do
// and must not, and how it is written. docs/how-translation-works.md shows the table.
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

// Whether an instruction's code runs it, or calls the interpreter for it.
enum class Written : std::uint8_t { Natively, ForInterpreter };
using Writer = Written (*)(Parts& parts, const Instruction& i);

// Whether the block goes on behind the instruction.
enum class Ending : std::uint8_t { GoesOn, EndsBlock };

// Where the instruction may fault, so that a handler sees the flags before it: at the operand that ModRM names, at that
// or at the top of the stack, or wherever. Accesses whose group has been looked up cannot fault.
enum class Faults : std::uint8_t { Anywhere, AtOperand, AtStack, Never };

// Whether nothing happens on the way through the instruction that the host addresses of groups would not outlive.
enum class Groups : std::uint8_t { End, GoOn };

// How the instruction accesses the top of the stack, if it accesses nothing else.
enum class Stack : std::uint8_t { Alone, Pushes, Pops };

// Whether flags may be left to be computed again on the way through the instruction.
enum class Recipe : std::uint8_t { Followed, Kept };

struct KindRow {
    Kind kind{};
    std::string_view name; // also the switch that leaves it to the interpreter, as do those of its class
    // The mnemonics that may be of this kind, and what else it takes. None: those that Plain is made of.
    std::array<ZydisMnemonic, 16> mnemonics{};
    bool (*takes)(const Instruction& i, const Context& context){nullptr};
    std::optional<Class> of{}; // none: it goes by unit and operands
    Ending ending{Ending::GoesOn};
    Faults faults{Faults::Anywhere};
    Groups groups{Groups::End};
    Stack stack{Stack::Alone};
    Recipe recipe{Recipe::Followed};
    // Whether the code leaves kTemp0 as an access to a group has left it, or as it was; null: it does not.
    bool (*spares_temporary)(const AccessGroups& groups, const Instruction& i){nullptr};
    Writer write{nullptr};
    std::string_view how; // a phrase for the document

    // An instruction of the kind, in 64-bit code unless `bits` is 32; perhaps with one before it that it takes. So many
    // host instructions one more of it takes in a block that has two; of one that ends blocks, the whole block of it.
    std::string_view example;
    unsigned bits{64};
    unsigned cost{0};
};

std::span<const KindRow> kind_rows();
const KindRow& row_of(Kind kind);
// The kinds that a mnemonic may be of, in the order in which they are tried; Interpret is none.
const std::array<Kind, 2>& kinds_of(ZydisMnemonic mnemonic);

} // namespace windsor::translate
