// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/verify/values.hpp"

#include <algorithm>

namespace windsor::translate::verify {

namespace {

using Kind = Value::Kind;

// Returns a bound of either of two numbers. It takes one of two values only, so that it does not creep upwards from one
// pass through a loop to the next.
std::uint64_t either_bound(std::uint64_t one, std::uint64_t other)
{
    if (one == other) {
        return one;
    }
    return std::max(one, other) <= kHalf ? kHalf : kAnything;
}

// Tells whether the value is an address in the host page of E, wherever it lies there.
bool lies_in_page(const Value& v)
{
    return v.is(Kind::Host) || v.is(Kind::Inside) || v.is(Kind::Down);
}

Value inside(const Value& v)
{
    return of_address(Kind::Inside, v, v.set);
}

bool counts_by(const Value& down, const Value& count)
{
    return count.is(Kind::Number) && down.other == count.symbol && down.at == count.offset;
}

// The pairs of guest addresses that have been given one name while two states are joined. Places that hold host
// addresses of the same pair hold the same address afterwards, by whichever way the code was reached.
class Pairs {
public:
    Symbol name(const Value& one, const Value& other, Symbol fresh)
    {
        for (std::size_t n = 0; n < used_; ++n) {
            const Pair& pair = pairs_[n];
            if (pair.one.same_address(one) && pair.other.same_address(other)) {
                return pair.symbol;
            }
        }
        if (used_ < pairs_.size()) {
            pairs_[used_++] = {.one = one, .other = other, .symbol = fresh};
        }
        return fresh;
    }

private:
    struct Pair {
        Value one;
        Value other;
        Symbol symbol{0};
    };
    std::array<Pair, 4> pairs_{};
    std::size_t used_{0};
};

// Joins two host addresses. If they lie in different pages, the address gets a new name: an access depends only on how
// much has been looked up, and not on which page it was.
Value either_host(const Value& one, const Value& other, Symbol symbol, Pairs& pairs)
{
    Value v = one;
    if (!one.same_address(other)) {
        v = {.kind = Kind::Host, .set = one.set, .symbol = pairs.name(one, other, symbol), .at = one.at};
    }
    v.write = one.write && other.write;
    v.log = std::min(one.log, other.log);
    v.bytes = std::min(one.bytes, other.bytes);
    return v;
}

Value joined(const Value& one, const Value& other, Symbol symbol, Pairs& pairs)
{
    if (one.number() && other.number()) {
        Value v = number_of(symbol, either_bound(one.most, other.most));
        if (!one.is(Kind::Number) || !other.is(Kind::Number)) {
            // Of other kinds `most` only tells whether the upper half is clear.
            v.most = one.half() && other.half() ? kHalf : kAnything;
        }
        v.nonzero = one.nonzero && other.nonzero && one.is(Kind::Number) && other.is(Kind::Number);
        return v;
    }
    if (one.is(Kind::Host) && other.is(Kind::Host) && one.at == other.at && one.set == other.set) {
        return either_host(one, other, symbol, pairs);
    }
    if (lies_in_page(one) && lies_in_page(other) && one.set == other.set && one.same_address(other)) {
        return inside(one);
    }
    return {};
}

bool join_values(State& into, const State& from, std::uint32_t offset)
{
    bool changed = false;
    const Value count = into.reg(kRcx);
    Pairs pairs;
    for (unsigned n = 0; n < kPlaces; ++n) {
        Value& value = into.values[n];
        const Value& other = from.values[n];
        if (value == other) {
            continue;
        }
        Value v = joined(value, other, symbol_of(offset, n), pairs);
        // Two Downs stay one if N is what RCX holds, whichever way the code was reached by.
        const bool both_down = value.is(Kind::Down) && other.is(Kind::Down) && value.log == other.log &&
                               value.write == other.write && value.set == other.set && value.same_address(other);
        if (both_down && counts_by(value, count) && counts_by(other, from.reg(kRcx)) &&
            into.reg(kRcx).is(Kind::Number)) {
            v = value;
            v.other = into.reg(kRcx).symbol;
            v.at = static_cast<std::int32_t>(into.reg(kRcx).offset);
        }
        if (v != value) {
            value = v;
            changed = true;
        }
    }
    return changed;
}

template <typename T> bool meet(T& into, const T& from, T least)
{
    if (into == from || into == least) {
        return false;
    }
    into = least;
    return true;
}

} // namespace

bool join(State& into, const State& from, std::uint32_t offset)
{
    bool changed = join_values(into, from, offset);
    changed = meet(into.fact, from.fact, {}) || changed;
    changed = meet(into.undo, from.undo, {}) || changed;
    changed = meet(into.units, from.units, static_cast<std::uint8_t>(into.units & from.units)) || changed;
    changed = meet(into.looked, from.looked, false) || changed;
    // If the ways use different sets, no set is known, so that neither a lookup nor an exit is allowed.
    changed = meet(into.set, from.set, static_cast<std::uint8_t>(kSets)) || changed;
    changed = meet(into.entries_set, from.entries_set, static_cast<std::uint8_t>(kSets)) || changed;
    const bool same_page = into.known_page == from.known_page && into.known_write == from.known_write;
    if (!same_page && into.known_page) {
        into.known_page.reset();
        into.known_write = false;
        changed = true;
    }
    changed = meet(into.known_jump, from.known_jump, -1) || changed;
    return changed;
}

void go_back(State& state, std::uint32_t target, std::uint32_t source)
{
    const auto gone = [&](Symbol symbol) { return made_between(symbol, target, source); };
    const Value count = state.reg(kRcx);
    for (unsigned n = 0; n < kPlaces; ++n) {
        Value& value = state.values[n];
        if (!gone(value.symbol) && !gone(value.other)) {
            continue;
        }
        if (value.is(Kind::Number)) {
            value = {
                .kind = Kind::Number, .nonzero = value.nonzero, .symbol = symbol_of(target, n), .most = value.most};
        } else if (value.is(Kind::Down) && !gone(value.symbol) && counts_by(value, count)) {
            value.other = state.reg(kRcx).symbol; // RCX has its new name already, because it comes before the others
            value.at = static_cast<std::int32_t>(state.reg(kRcx).offset);
        } else if (value.is(Kind::Host)) {
            value.symbol = symbol_of(target, n);
            value.offset = 0;
            value.cut = false;
        } else if (lies_in_page(value) && !gone(value.symbol)) {
            value = inside(value);
        } else {
            value = value.number() ? number_of(symbol_of(target, n)) : Value{};
        }
    }
    state.fact = {};
    state.undo = {};
    state.known_page.reset();
    state.known_jump = -1;
}

} // namespace windsor::translate::verify
