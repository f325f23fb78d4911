// SPDX-License-Identifier: GPL-2.0-or-later
// This file evaluates the arithmetic that checks are made of, and what comparisons tell.
#include "translate/verify/evaluator.hpp"

#include <algorithm>
#include <bit>

namespace windsor::translate::verify {

namespace {

using Kind = Value::Kind;

constexpr std::int64_t kPageMask = kPageBytes - 1;
constexpr std::uint8_t kElementLog = 3; // the elements of the TLB's arrays have 8 bytes
constexpr std::uint8_t kJumpEntryLog = 4;
constexpr unsigned kMostZeros = 16;

bool lies_in_page(const Value& v)
{
    return v.is(Kind::Host) || v.is(Kind::Inside) || v.is(Kind::Down);
}

std::uint8_t zeros_of(std::uint64_t value)
{
    return static_cast<std::uint8_t>(std::min<unsigned>(static_cast<unsigned>(std::countr_zero(value)), kMostZeros));
}

bool same_place(std::int64_t one, std::int64_t other)
{
    return ((one ^ other) & kPageMask) == 0;
}

// Tells whether `room` counts the elements from the host address `host` to the end of its page.
bool has_room(const Value& room, const Value& host)
{
    return (room.symbol == host.symbol && same_place(room.offset, host.offset)) ||
           (room.both && room.other == host.symbol && same_place(room.at, host.offset));
}

void bound(Value& value, std::uint64_t limit, std::uint8_t width)
{
    switch (value.kind) {
    case Kind::Tag:
        if (width == 8 && limit <= static_cast<std::uint64_t>(kPageMask)) {
            value.kind = Kind::Offset;
            value.log = 0;
            value.bytes = kPageBytes - static_cast<std::int32_t>(limit);
        }
        break;
    case Kind::Low: value.nonzero = value.nonzero || (width == 8 && limit <= kPageBytes); break;
    case Kind::Number:
        if (width == 8 || (width == 4 && value.half())) {
            value.most = std::min(value.most, limit);
        }
        break;
    default: break;
    }
}

// Notes that none of the bits of a mask is set.
void clear_bits(Value& value, std::uint64_t mask, std::uint8_t width)
{
    const std::uint64_t left = ~mask;
    if (value.is(Kind::Tag) && width == 8 && left <= static_cast<std::uint64_t>(kPageMask)) {
        value.kind = Kind::Offset;
        value.bytes = kPageBytes - static_cast<std::int32_t>(left);
        value.log = static_cast<std::uint8_t>(std::countr_zero(left | kPageBytes));
    }
}

} // namespace

// Evaluates AND with a constant.
Value Evaluator::masked(const Value& value, std::int64_t mask, const HostInstruction& i) const
{
    const std::uint64_t bits =
        i.width == 4 ? static_cast<std::uint64_t>(mask) & kHalf : static_cast<std::uint64_t>(mask);
    const auto elements = static_cast<std::uint64_t>(layout_.tlb_count - 1) << kElementLog;
    if (value.is(Kind::Shifted) && value.log == kPageLog - kElementLog && bits == elements) {
        Value index = value;
        index.kind = Kind::Index;
        index.log = kElementLog;
        return index;
    }
    const auto entries = static_cast<std::uint64_t>(layout_.jump_entries - 1) << kJumpEntryLog;
    if (value.is(Kind::Hash) && value.log + kJumpEntryLog == layout_.jump_shift && bits == entries) {
        Value index = value;
        index.kind = Kind::JumpIndex;
        return index;
    }
    Value v = made(i.to, bits >> 63 != 0 ? kAnything : bits);
    v.zeros = zeros_of(bits);
    return v;
}

bool Evaluator::with_immediate(const HostInstruction& i)
{
    const Value value = state_->reg(i.to);
    const std::int64_t by = i.immediate;
    if (!value.number()) {
        return refuse("it works on a register that does not hold a guest's value");
    }
    switch (i.mnemonic) {
    case ZYDIS_MNEMONIC_ADD: set(i.to, shifted(value, by, i.width, made_by(offset_, i.to))); break;
    case ZYDIS_MNEMONIC_SUB: set(i.to, shifted(value, -by, i.width, made_by(offset_, i.to))); break;
    case ZYDIS_MNEMONIC_AND: set(i.to, masked(value, by, i)); break;
    case ZYDIS_MNEMONIC_OR:
        if (i.width == 8 && by == ~kPageMask && value.is(Kind::Number)) {
            set(i.to, {.kind = Kind::Edge, .symbol = value.symbol, .offset = value.offset});
            break;
        }
        [[fallthrough]];
    default: define(i.to, i);
    }
    // The zero flag tells whether any bit of the result is set.
    if (i.mnemonic == ZYDIS_MNEMONIC_SUB || i.mnemonic == ZYDIS_MNEMONIC_ADD) {
        learn({.kind = Fact::Kind::Tested, .reg = i.to, .width = i.width, .value = -1});
    }
    return true;
}

// Evaluates SUB of two registers. The difference of two addresses in one host page may be known to the guest, since it
// depends on their offsets in the page alone.
bool Evaluator::subtract_registers(const HostInstruction& i)
{
    const Value& one = state_->reg(i.to);
    const Value& other = state_->reg(i.from);
    if (i.width == 8 && lies_in_page(one) && lies_in_page(other) && one.set == other.set && one.same_address(other)) {
        set(i.to, made(i.to));
        return true;
    }
    return generic(i, {});
}

// Evaluates arithmetic with a memory operand. XOR with a tag and ADD of a host page are the two steps of a lookup.
bool Evaluator::with_memory(const HostInstruction& i, const Access& access)
{
    if (i.to_place == Place::Memory) {
        return generic(i, access);
    }
    State& s = *state_;
    const Value value = s.reg(i.to);
    const Value& index = access.index;
    if (access.where == Access::Where::Tag && access.dynamic && i.mnemonic == ZYDIS_MNEMONIC_XOR && i.width == 8) {
        if (!value.is(Kind::Number) || value.symbol != index.symbol || value.offset != index.offset) {
            return refuse("it compares an address with the TLB's entry of another one");
        }
        Value tag = of_address(Kind::Tag, value, s.set);
        tag.write = access.write;
        set(i.to, tag);
        return true;
    }
    if (access.where == Access::Where::HostPage && access.dynamic && i.mnemonic == ZYDIS_MNEMONIC_ADD && i.width == 8) {
        const bool looked_up = value.is(Kind::Offset) || (value.is(Kind::Low) && value.nonzero);
        if (!looked_up || value.symbol != index.symbol || value.offset != index.offset || value.set != s.set) {
            return refuse("it takes the host address of a page that the TLB is not known to hold");
        }
        Value host = value;
        host.kind = value.is(Kind::Offset) ? Kind::Host : Kind::LowHost;
        set(i.to, host);
        return true;
    }
    return generic(i, access);
}

bool Evaluator::on_registers(const HostInstruction& i)
{
    if (i.from_place == Place::Immediate) {
        return with_immediate(i);
    }
    if (i.mnemonic == ZYDIS_MNEMONIC_SUB) {
        return subtract_registers(i);
    }
    if (i.mnemonic == ZYDIS_MNEMONIC_XOR && i.to == i.from) {
        set(i.to, constant_of(0));
        return true;
    }
    return generic(i, {});
}

bool Evaluator::arithmetic(const HostInstruction& i, const Access& access)
{
    if (i.has_memory) {
        return with_memory(i, access);
    }
    if (i.width < 4) {
        return generic(i, access);
    }
    const bool adds = i.mnemonic == ZYDIS_MNEMONIC_ADD;
    const bool sums = adds || i.mnemonic == ZYDIS_MNEMONIC_SUB;
    const Undo now{.reg = i.to,
                   .by = i.from_place == Place::Immediate ? kNoRegister : i.from,
                   .width = i.width,
                   .added = adds,
                   .at = offset_ + i.length,
                   .immediate = i.from_place == Place::Immediate ? i.immediate : 0,
                   .before = state_->reg(i.to)};
    if (!on_registers(i)) {
        return false;
    }
    const bool whole = sums && i.to != i.from && now.before.number() && (i.width == 8 || now.before.half());
    const bool opposite = whole && undo_.reg == now.reg && undo_.at == offset_ && undo_.by == now.by &&
                          undo_.width == now.width && undo_.immediate == now.immediate && undo_.added != now.added;
    if (opposite) {
        set(i.to, undo_.before);
    } else if (whole) {
        state_->undo = now;
    }
    return true;
}

// Evaluates a comparison with an element of the TLB or of the jump table whose number is known.
bool Evaluator::compare_element(const HostInstruction& i, const Access& access)
{
    const bool immediate = i.from_place == Place::Immediate;
    const std::uint8_t reg = i.to_place == Place::Register ? i.to : i.from;
    const Value with = immediate ? constant_of(static_cast<std::uint64_t>(i.immediate)) : state_->reg(reg);
    if (!with.constant()) {
        return refuse("it compares an entry of a table with something that is not known");
    }
    const auto address = static_cast<std::uint64_t>(with.offset);
    if (access.where == Access::Where::Tag) {
        const bool right = (address & static_cast<std::uint64_t>(kPageMask)) == 0 &&
                           layout_.element_of(with.offset) == access.element;
        learn({.kind = right ? Fact::Kind::Tag : Fact::Kind::Nothing, .write = access.write, .value = with.offset});
        return right || refuse("it compares an address with the TLB's entry of another one");
    }
    const bool right = layout_.jump_index(address) == static_cast<std::uint32_t>(access.element);
    learn({.kind = Fact::Kind::JumpKnown, .value = access.element});
    return right || refuse("it compares an address with the jump table's entry of another one");
}

bool Evaluator::compare_memory(const HostInstruction& i, const Access& access)
{
    const State& s = *state_;
    const std::uint8_t reg = i.to_place == Place::Register ? i.to : i.from;
    switch (access.where) {
    case Access::Where::Tag: return i.width == 8 && !access.dynamic && i.mnemonic == ZYDIS_MNEMONIC_CMP
                                        ? compare_element(i, access)
                                        : refuse("it reads the TLB in a way that is not allowed");
    case Access::Where::JumpRip:
        if (i.width != 8 || i.mnemonic != ZYDIS_MNEMONIC_CMP) {
            return refuse("it reads a jump table in a way that is not allowed");
        }
        if (!access.dynamic) {
            return compare_element(i, access);
        }
        if (reg == kNoRegister || !s.reg(reg).is(Kind::Number) || s.reg(reg).symbol != access.index.symbol ||
            s.reg(reg).offset != access.index.offset) {
            return refuse("it compares an address with the jump table's entry of another one");
        }
        learn({.kind = Fact::Kind::Jump, .reg = i.memory.index, .other = reg});
        return true;
    case Access::Where::Field:
        if (access.field->rights == Rights::Live && i.mnemonic == ZYDIS_MNEMONIC_CMP && i.immediate == 0 &&
            i.width == 1) {
            learn({.kind = Fact::Kind::Live, .units = access.field->which});
            return true;
        }
        if (access.field->rights == Rights::Heeded && reg != kNoRegister && s.reg(reg).is(Kind::Signals) &&
            i.width == 4 && i.mnemonic == ZYDIS_MNEMONIC_TEST) {
            learn({.kind = Fact::Kind::Signals});
            return true;
        }
        return generic(i, access);
    case Access::Where::Signals:
        learn({.kind = Fact::Kind::Signals});
        return (i.from_place == Place::Immediate && i.mnemonic == ZYDIS_MNEMONIC_TEST &&
                static_cast<std::uint8_t>(i.immediate) == layout_.signal_mask) ||
               refuse("it looks at other signals than all");
    case Access::Where::Selector: return numbers(i.reads);
    case Access::Where::Guest: return generic(i, access);
    default: return refuse("it reads a table of the frame in a way that is not allowed");
    }
}

bool Evaluator::compare(const HostInstruction& i, const Access& access)
{
    if (i.has_memory) {
        return compare_memory(i, access);
    }
    const Value& value = state_->reg(i.to);
    if (!value.number() && !value.is(Kind::Tag) && !value.is(Kind::Low)) {
        return refuse("it compares a register that does not hold a guest's value");
    }
    const bool tests = i.mnemonic == ZYDIS_MNEMONIC_TEST;
    if (i.from_place == Place::Immediate) {
        learn({.kind = tests ? Fact::Kind::Tested : Fact::Kind::Compared,
               .reg = i.to,
               .width = i.width,
               .value = i.immediate});
        return true;
    }
    if (!numbers(i.reads)) {
        return false;
    }
    if (tests) {
        learn(i.to == i.from ? Fact{.kind = Fact::Kind::Tested, .reg = i.to, .width = i.width, .value = -1} : Fact{});
    } else {
        learn({.kind = Fact::Kind::Ordered, .reg = i.to, .other = i.from, .width = i.width});
    }
    return true;
}

bool Evaluator::shift(const HostInstruction& i)
{
    const Value value = state_->reg(i.to);
    const auto count = static_cast<unsigned>(i.immediate) & (i.width == 8 ? 63u : 31u);
    if (!value.number()) {
        return refuse("it works on a register that does not hold a guest's value");
    }
    Value v = value;
    const bool right = i.mnemonic == ZYDIS_MNEMONIC_SHR;
    const bool temporary = i.to == kR10 || i.to == kR11;
    if (right && temporary && value.is(Kind::Number) && count == kPageLog - kElementLog) {
        v = {.kind = Kind::Shifted, .cut = value.cut, .log = static_cast<std::uint8_t>(count), .symbol = value.symbol,
             .offset = value.offset};
    } else if (right && value.is(Kind::Room) && i.width == 8) {
        v.log = static_cast<std::uint8_t>(value.log + count);
    } else if (right && value.is(Kind::Hash) && i.width == 4) {
        v.log = static_cast<std::uint8_t>(value.log + count);
    } else {
        const bool known = value.is(Kind::Number) && value.most <= kHalf;
        const std::uint64_t most = right ? value.most >> count : value.most << (count & 31);
        v = made(i.to, known && count < 32 && (i.width == 8 || most <= kHalf) ? most
                       : i.width == 4                                         ? kHalf
                                                                              : kAnything);
        const unsigned zeros = value.is(Kind::Number) ? value.zeros : 0u;
        v.zeros = right ? std::uint8_t{0} : static_cast<std::uint8_t>(std::min(zeros + count, kMostZeros));
    }
    set(i.to, v);
    return true;
}

// Evaluates BEXTR, which may take out of an address the bits that choose an element of the TLB. The guest may also use
// it for any other bits.
bool Evaluator::extract(const HostInstruction& i)
{
    const Value& which = state_->reg(i.third);
    const Value& from = state_->reg(i.from);
    const auto bits = static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(layout_.tlb_count)));
    if (which.constant() && static_cast<std::uint64_t>(which.offset) == (kPageLog | bits << 8) &&
        from.is(Kind::Number)) {
        set(i.to, of_address(Kind::Index, from));
        return true;
    }
    return generic(i, {});
}

// Evaluates IMUL as the first step of an address's hash. Returns false if it is another product.
bool Evaluator::multiply(const HostInstruction& i)
{
    const bool hashes = i.width == 4 && i.to == kR11 && i.from_place == Place::Register &&
                        i.to_place == Place::Register &&
                        static_cast<std::uint32_t>(i.immediate) == layout_.jump_factor && i.immediate != 0;
    if (!hashes || !state_->reg(i.from).is(Kind::Number)) {
        return false;
    }
    set(i.to, of_address(Kind::Hash, state_->reg(i.from)));
    return true;
}

bool Evaluator::negate(const HostInstruction& i)
{
    Value value = state_->reg(i.to);
    switch (value.kind) {
    case Kind::Number: value.kind = Kind::Negative; break;
    case Kind::Negative: value.kind = Kind::Number; break;
    case Kind::Edge:
        value.kind = Kind::Room;
        value.log = 0;
        break;
    default: return generic(i, {});
    }
    set(i.to, value);
    return true;
}

// Evaluates CMOVB after a comparison of its two registers. It leaves the larger of two Edges, which stands for fewer
// bytes, or the smaller of a Room and a number.
bool Evaluator::conditional_move(const HostInstruction& i)
{
    const State& s = *state_;
    const Fact& fact = s.fact;
    const Value& to = s.reg(i.to);
    const Value& from = s.reg(i.from);
    const bool ordered = fact.kind == Fact::Kind::Ordered && fact.width == 8;
    if (ordered && fact.reg == i.to && fact.other == i.from && to.is(Kind::Edge) && from.is(Kind::Edge) && !to.both &&
        !from.both) {
        Value both = to;
        both.both = true;
        both.other = from.symbol;
        both.at = static_cast<std::int32_t>(from.offset & kPageMask);
        set(i.to, both);
        return true;
    }
    if (ordered && fact.reg == i.from && fact.other == i.to && to.is(Kind::Room) && from.number()) {
        return true;
    }
    return generic(i, {});
}

// Evaluates XCHG of a register's two low bytes. The emitter exchanges them before and after an instruction of the guest
// that works on the second byte, as on AH, and is encoded with the first.
bool Evaluator::swap_bytes(const HostInstruction& i)
{
    Value value = state_->reg(i.to);
    if (value.is(Kind::Number) && !value.cut) {
        value.kind = Kind::Swapped;
    } else if (value.is(Kind::Swapped)) {
        value.kind = Kind::Number;
    } else {
        return generic(i, {});
    }
    set(i.to, value);
    return true;
}

// Evaluates repeated MOVS, STOS and SCAS. They go upwards, because DF is always clear while emitted code runs.
bool Evaluator::repeat(const HostInstruction& i)
{
    State& s = *state_;
    bool moves = false;
    bool scans = false;
    switch (i.mnemonic) {
    case ZYDIS_MNEMONIC_MOVSB:
    case ZYDIS_MNEMONIC_MOVSW:
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVSQ: moves = true; break;
    case ZYDIS_MNEMONIC_SCASB:
    case ZYDIS_MNEMONIC_SCASW:
    case ZYDIS_MNEMONIC_SCASD:
    case ZYDIS_MNEMONIC_SCASQ: scans = true; break;
    default: break;
    }
    const Value& room = s.reg(kRcx);
    const auto log = static_cast<std::uint8_t>(std::countr_zero(unsigned{i.width}));
    const auto fits = [&](const Value& host, bool writes) {
        return host.is(Kind::Host) && host.at == 0 && host.set == s.set && (host.write || !writes) &&
               has_room(room, host);
    };
    if (!room.is(Kind::Room) || room.log != log || !fits(s.reg(kRdi), !scans) || (moves && !fits(s.reg(kRsi), false))) {
        return refuse("a repeated string instruction is not known to stay in its pages");
    }
    if (!moves && !s.reg(kRax).number()) {
        return refuse("it works on a register that does not hold a guest's value");
    }
    for (const std::uint8_t reg : {kRsi, kRdi}) {
        if (reg == kRdi || moves) {
            set(reg, of_address(Kind::Inside, s.reg(reg), s.set));
        }
    }
    set(kRcx, made(kRcx));
    return true;
}

bool Evaluator::refine(State& s, std::uint16_t mnemonic, Branch branch)
{
    const Fact fact = s.fact;
    const bool taken = branch == Branch::Taken;
    const bool equal = (mnemonic == ZYDIS_MNEMONIC_JZ && taken) || (mnemonic == ZYDIS_MNEMONIC_JNZ && !taken);
    const bool unequal = (mnemonic == ZYDIS_MNEMONIC_JZ && !taken) || (mnemonic == ZYDIS_MNEMONIC_JNZ && taken);
    const bool no_more = (mnemonic == ZYDIS_MNEMONIC_JBE && taken) || (mnemonic == ZYDIS_MNEMONIC_JNBE && !taken);
    const bool less = (mnemonic == ZYDIS_MNEMONIC_JB && taken) || (mnemonic == ZYDIS_MNEMONIC_JNB && !taken);
    switch (fact.kind) {
    case Fact::Kind::Compared: {
        const auto limit = static_cast<std::uint64_t>(fact.value);
        if (fact.width < 4 || (fact.width == 4 && fact.value < 0)) {
            break;
        }
        if (no_more || equal) {
            bound(s.reg(fact.reg), limit, fact.width);
        } else if (less && limit != 0) {
            bound(s.reg(fact.reg), limit - 1, fact.width);
        }
        break;
    }
    case Fact::Kind::Tested:
        if (equal) {
            clear_bits(s.reg(fact.reg), static_cast<std::uint64_t>(fact.value), fact.width);
        } else if (unequal && fact.width == 8 && s.reg(fact.reg).is(Kind::Number)) {
            if (s.reg(fact.reg).constant() && s.reg(fact.reg).offset == 0) {
                return false;
            }
            s.reg(fact.reg).nonzero = true;
        }
        break;
    case Fact::Kind::Tag:
        if (equal) {
            s.known_page = fact.value;
            s.known_write = fact.write;
        }
        break;
    case Fact::Kind::Live: s.units |= unequal ? fact.units : std::uint8_t{0}; break;
    case Fact::Kind::Signals: s.looked = s.looked || equal; break;
    case Fact::Kind::Jump:
        if (equal) {
            s.reg(fact.reg).kind = Kind::JumpEntry;
        }
        break;
    case Fact::Kind::JumpKnown: s.known_jump = equal ? static_cast<std::int32_t>(fact.value) : s.known_jump; break;
    default: break;
    }
    return true;
}

bool Evaluator::jump_through(const HostInstruction& i, State& state)
{
    state_ = &state;
    Access access;
    if (i.memory.odd || i.memory.base != kRsp || !i.memory.reads) {
        return refuse("it jumps through memory that is not the frame's");
    }
    if (!locate_in_frame(i, access)) {
        return false;
    }
    switch (access.where) {
    case Access::Where::JumpCode:
        return (access.dynamic ? access.index.is(Kind::JumpEntry) : state.known_jump == access.element) ||
               refuse("it jumps to an entry of a jump table that has not been compared");
    case Access::Where::Field:
        return (access.field->rights == Rights::Slot && state.slot(access.field->which).is(Kind::JumpCode)) ||
               refuse("it jumps through a slot of the frame that holds no block's entry");
    default: return refuse("it jumps through a table of the frame that holds no code");
    }
}

} // namespace windsor::translate::verify
