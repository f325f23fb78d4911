// SPDX-License-Identifier: GPL-2.0-or-later
// A value is what is known of a register or a slot of the frame at one point of a block.
#pragma once

#include "translate/verify/host_instruction.hpp"
#include "translate/verify/layout.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace windsor::translate::verify {

constexpr std::uint64_t kAnything = ~std::uint64_t{0};
constexpr std::uint64_t kHalf = 0xffff'ffff;

// Names a value that is not known by the place in the code where it was made, and by the register or slot that has it.
// 0 stands for the constant zero.
using Symbol = std::uint32_t;
constexpr unsigned kPlaceBits = 6;

constexpr Symbol symbol_of(std::uint32_t offset, unsigned place)
{
    return (offset + 1) << kPlaceBits | place;
}
// Names what an instruction makes, which is told apart from what the joining of ways makes at the same place.
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
    // A kind says what the value is. In what follows, E is symbol + offset, of which `cut` keeps the lower half: mostly
    // the guest's linear address of an access. N is `other` + `at`, and so is a second address, E2.
    enum class Kind : std::uint8_t {
        Stale,    // it may be anything, the host's secrets included
        Number,   // it is E, of which the guest may know everything
        Negative, // it is minus E
        Swapped,  // it is E with its two lowest bytes in each other's place
        SignalsAt, // it is the address of the word of signals
        Signals,  // it is that word, which the guest may know
        Index,    // it is the index of E's element in the TLB, scaled by `log`
        Shifted,  // it is E shifted to the right, from which an Index is made
        Tag,      // it is the tag that the TLB has for E, xor E
        Offset,   // it is E's offset in its page, which is in the TLB; the offset is at most 4096 - `bytes`
        Page,     // it is the host address of E's page, if that is in the TLB
        Distance, // it is the distance from E to its host address; the same bytes may be accessed as of a Host
        Host,     // it is E's host address plus `at`, of which `bytes` may be read, and with `write` written
        Inside,   // it lies somewhere in the host page of E
        Edge, // it is minus the bytes from E to its page's end; with `both`, those from E or E2, if fewer
        Room, // it is no more than the elements of size `log` that there are from E, and E2, to their pages' ends
        Low,  // it is the offset in E's page of the first of N elements, the last of which is at E; `nonzero`: checked
        LowHost,   // it is the host address of a Low
        Down,      // it is the host address of the last of N elements
        Hash,      // it is E's lower half times a factor, shifted by `log`
        JumpIndex, // it is the index of E in the jump table
        JumpEntry, // it is the same index, and the table has E there
        JumpCode,  // it is the host address of the code that this entry names
        SetAddress, // it is the address of a set of the TLB
        Window,    // it is the base of the address space's window
        Frame,     // it is the address of the frame
    };
    Kind kind{Kind::Stale};
    bool write{false};
    bool cut{false};
    bool nonzero{false};
    bool both{false};
    std::uint8_t log{0};   // a size as a power of two; of Offset, Distance and Host, the alignment of E
    std::uint8_t set{0};   // the TLB's set
    std::uint8_t zeros{0}; // how many low bits of a Number are clear
    Symbol symbol{0};
    Symbol other{0};         // the symbol of E2 or N
    std::int64_t offset{0};
    std::int32_t at{0};      // the offset of E2 or N, or within a Host
    std::int32_t bytes{0};
    std::uint64_t most{kAnything}; // a Number is not larger than this

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
// Makes a value of a kind from E, of which nothing else is known.
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
        Tag,       // equal: the TLB holds the page at the constant linear address `value`
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

// Says what a register was before the instruction in front of `at` has added something to it or taken something from
// it. The opposite instruction brings that back, as the emitter does to have the flags of a sum once more.
struct Undo {
    std::uint8_t reg{kNoRegister};
    std::uint8_t by{kNoRegister}; // the register that was added; none: `immediate` was
    std::uint8_t width{0};
    bool added{false};
    std::uint32_t at{0};
    std::int64_t immediate{0};
    Value before{};

    bool operator==(const Undo&) const = default;
};

constexpr unsigned kPlaces = kRegisters + kSlots;

struct State {
    std::array<Value, kPlaces> values{}; // of the registers, and then of the slots
    Fact fact{};
    Undo undo{};
    std::uint8_t units{0};        // the units whose state is the guest's
    bool looked{false};           // the code has looked for signals
    std::uint8_t set{0};          // the TLB's set in whose name the guest's code runs
    std::uint8_t entries_set{0};  // the set that the program's entries are of
    // The linear address of a page that the TLB was found to hold, where that address is a constant.
    std::optional<std::int64_t> known_page{};
    bool known_write{false};      // it was compared with the tag of writes
    std::int32_t known_jump{-1};  // the jump table's entry that has been compared

    Value& reg(unsigned n) { return values[n]; }
    const Value& reg(unsigned n) const { return values[n]; }
    Value& slot(unsigned n) { return values[kRegisters + n]; }
    const Value& slot(unsigned n) const { return values[kRegisters + n]; }
};

// Weakens `into`, the state at an offset of the code, so that it is true of `from` as well. Returns whether it says
// less than before.
bool join(State& into, const State& from, std::uint32_t offset);
// Forgets what does not outlive a way back: names that are made anew on the way from `target` to `source` stand for
// nothing any more.
void go_back(State& state, std::uint32_t target, std::uint32_t source);

} // namespace windsor::translate::verify
