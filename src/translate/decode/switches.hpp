// SPDX-License-Identifier: GPL-2.0-or-later
// These are the kinds of instructions that there are, and the switches that leave some of them to the interpreter. By
// the switches a wrong translation is found by bisection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace windsor::translate {

// The kind of an instruction decides how it is translated. translate/kinds.cpp tells of each.
enum class Kind : std::uint8_t {
    Interpret,
    Plain,
    Lea,
    Divide,
    Nop,
    Push,
    Pop,
    Leave,
    Direction,
    Load,
    Store,
    Move,
    RepeatMove,
    RepeatStore,
    RepeatScan,
    BitString,
    ReadSelector,
    PushSelector,
    LoadSelector,
    PopFlags,
    SetAc,
    SwapGs,
    MaskInterrupts,
    UnmaskInterrupts,
    PushFlags,
    Jump,
    JumpIndirect,
    Conditional,
    CountZero,
    Call,
    CallIndirect,
    Return,
};
constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::Return) + 1;

// Instructions are in one class if a fault of the translator is likely to concern all of them.
enum class Class : std::uint8_t { Integer, Memory, Shift, Divide, Stack, Branch, X87, Mmx, Sse, System };

struct Switches {
    static constexpr std::size_t kMostKinds = 64;

    std::uint32_t classes{0}; // a bit for each class, by its number
    std::uint64_t kinds{0};   // a bit for each kind, by its number

    static constexpr Switches all() { return {.classes = ~std::uint32_t{0}, .kinds = ~std::uint64_t{0}}; }
    constexpr bool covers(Class which, Kind kind) const
    {
        return (classes >> static_cast<unsigned>(which) & 1) != 0 || (kinds >> static_cast<unsigned>(kind) & 1) != 0;
    }
};

// Reads names of classes and kinds, separated by commas. Returns nothing if there is no class or kind of some name.
std::optional<Switches> parse_switches(std::string_view names);
std::string_view name_of(Class which);

} // namespace windsor::translate
