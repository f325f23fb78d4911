// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of a register or a slot of the frame at one point of a block.
#pragma once

#include "translate/verify/host_instruction.hpp"
#include "translate/verify/layout.hpp"

#include <array>
#include <cstdint>

namespace windsor::translate::verify {

constexpr std::uint64_t kAnything = ~std::uint64_t{0};
constexpr std::uint64_t kHalf = 0xffff'ffff;

// Names a value that is not known: where it was made, and what holds it. 0 stands for the constant zero.
using Symbol = std::uint32_t;
constexpr unsigned kPlaceBits = 6;

constexpr Symbol symbol_of(std::uint32_t offset, unsigned place)
{
    return (offset + 1) << kPlaceBits | place;
}
// What an instruction makes is told apart from what a join of ways does there.
constexpr Symbol made_by(std::uint32_t offset, unsigned reg)
{
    constexpr unsigned kMade = 40;
    return symbol_of(offset, kMade + reg);
}
constexpr bool made_between(Symbol symbol, std::uint32_t from, std::uint32_t to)
{
    const std::uint32_t at = symbol >> kPlaceBits;
    return symbol != 0 && at >= from + 1 && at <= to + 1;
}

struct Value {
    // "E" is symbol + offset, of which `cut` keeps the lower half: mostly the guest-linear address of an access.
    enum class Kind : std::uint8_t {
        Stale,    // anything, the host's secrets included
        Number,   // E, of which the guest may know everything
        Negative, // minus E
        Swapped,  // E with its two lowest bytes in each other's place
        SignalsAt, // the address of the word of signals
        Signals,  // that word: a number
        Index,    // of E's element in the TLB, scaled by `log`
        Shifted,  // E, on the way there
        Tag,      // the tag that the TLB has for E, xor E
        Offset,   // E's offset in its page, which the TLB holds; of at most 4096 - bytes
        Page,     // the host address of E's page, if the TLB holds it
        Distance, // from E to its host address; as Host
        Host, // E's host address plus `at`; `bytes` of it may be accessed, by loads, or by stores where `write` says so
        Inside, // somewhere in the host page of E
        Edge, // minus the bytes from E to its page's end; with `both` also from E2, and then the nearer one
        Room, // at most as many elements (`log`) as there are from E, and E2, to their pages' ends
        Low, // where the first of N elements lies in E's page, the last of which is at E; `nonzero`: checked
        LowHost, // its host address
        Down, // the host address of the last of N elements
        Hash, // E's lower half times a factor, shifted by `log`
        JumpIndex, // of E in the jump table
        JumpEntry, // the same, where the table does hold E
        JumpCode, // the entry's host address
        SetAddress, // of a set of the TLB
        Window,
        Frame,
    };
    Kind kind{Kind::Stale};
    bool write{false};
    bool cut{false};
    bool nonzero{false};
    bool both{false};
    std::uint8_t log{0};   // of a size; of Offset, Distance and Host: of the alignment of E
    std::uint8_t set{0};   // of the TLB
    std::uint8_t zeros{0}; // low bits of a Number that are clear
    Symbol symbol{0};
    Symbol other{0};         // of E2 or N
    std::int64_t offset{0};
    std::int32_t at{0};      // of E2 or N: its offset
    std::int32_t bytes{0};
    std::uint64_t most{kAnything}; // of a Number: it is not larger

    bool operator==(const Value&) const = default;

    bool number() const
    {
        switch (kind) {
        case Kind::Number:
        case Kind::Negative:
        case Kind::Swapped:
        case Kind::Signals:
        case Kind::Index:
        case Kind::Shifted:
        case Kind::Edge:
        case Kind::Room:
        case Kind::Hash:
        case Kind::JumpIndex:
        case Kind::JumpEntry: return true;
        default: return false;
        }
    }
    bool is(Kind wanted) const { return kind == wanted; }
    bool constant() const { return kind == Kind::Number && symbol == 0; }
    bool half() const { return (kind == Kind::Number || kind == Kind::Swapped) && most <= kHalf; }
    bool same_address(const Value& o) const { return symbol == o.symbol && offset == o.offset && cut == o.cut; }
};

constexpr Value number_of(Symbol symbol, std::uint64_t most = kAnything)
{
    return {.kind = Value::Kind::Number, .symbol = symbol, .most = most};
}
// What is made of E, and knows no more of it than what it is.
constexpr Value of_address(Value::Kind kind, const Value& e, std::uint8_t set = 0)
{
    return {.kind = kind, .cut = e.cut, .set = set, .symbol = e.symbol, .offset = e.offset};
}
constexpr Value constant_of(std::uint64_t value)
{
    return {
        .kind = Value::Kind::Number, .nonzero = value != 0, .offset = static_cast<std::int64_t>(value), .most = value};
}

// This describes what the arithmetic flags tell.
struct Fact {
    enum class Kind : std::uint8_t {
        Nothing,
        Compared,  // a register with `value`, as unsigned numbers
        Ordered,   // two registers
        Tested,    // the bits `value` of a register
        Tag,       // equal: the TLB's element `value` is of the page that it was compared with
        Live,      // not equal: units are the guest's
        Signals,   // equal: there is nothing to look at
        Jump,      // equal: the entry that a register is the index of is the one of the other's RIP
        JumpKnown, // equal: the entry `value` is the one that is wanted
    };
    Kind kind{Kind::Nothing};
    std::uint8_t reg{kNoRegister};
    std::uint8_t other{kNoRegister};
    std::uint8_t width{8};
    std::uint8_t units{0};
    bool write{false};
    std::int64_t value{0};

    bool operator==(const Fact&) const = default;
};

// A register that the instruction before `at` has added something to or taken something from: what it was before. The
// opposite brings that back, as the emitter does to have the flags of a sum once more.
struct Undo {
    std::uint8_t reg{kNoRegister};
    std::uint8_t by{kNoRegister}; // a register; none: `immediate`
    std::uint8_t width{0};
    bool added{false};
    std::uint32_t at{0};
    std::int64_t immediate{0};
    Value before{};

    bool operator==(const Undo&) const = default;
};

constexpr unsigned kPlaces = kRegisters + kSlots;

struct State {
    std::array<Value, kPlaces> values{}; // registers, then slots
    Fact fact{};
    Undo undo{};
    std::uint8_t units{0};       // whose state is the guest's
    bool looked{false};          // for signals
    std::uint8_t set{0};         // of the TLB, in whose name the guest's code runs
    std::uint8_t entries_set{0}; // the one that the program's entries are of
    std::int32_t known_entry{-1}; // of the TLB, that has been compared
    bool known_write{false};     // the tag was that of writes
    std::int32_t known_jump{-1}; // of the jump table, that has been compared

    Value& reg(unsigned n) { return values[n]; }
    const Value& reg(unsigned n) const { return values[n]; }
    Value& slot(unsigned n) { return values[kRegisters + n]; }
    const Value& slot(unsigned n) const { return values[kRegisters + n]; }
};

// Makes `into`, the state at an offset of the code, hold for `from` as well. True: it says less than before.
bool join(State& into, const State& from, std::uint32_t offset);
// What of a state outlives a way back: nothing is known by names that are made anew on the way from `target` to
// `source`.
void go_back(State& state, std::uint32_t target, std::uint32_t source);

} // namespace windsor::translate::verify
