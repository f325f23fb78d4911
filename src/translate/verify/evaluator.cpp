// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/verify/evaluator.hpp"

#include <algorithm>
#include <utility>

namespace windsor::translate::verify {

namespace {

using Kind = Value::Kind;

constexpr RegisterMask bit(unsigned reg)
{
    return static_cast<RegisterMask>(1u << reg);
}

std::uint64_t most_of(unsigned bytes)
{
    return bytes >= 8 ? kAnything : (std::uint64_t{1} << 8 * bytes) - 1;
}

} // namespace

bool Evaluator::numbers(RegisterMask registers)
{
    for (unsigned reg = 0; registers != 0; ++reg, registers >>= 1) {
        if ((registers & 1) != 0 && !state_->reg(reg).number()) {
            return refuse("it works on a register that does not hold a guest's value");
        }
    }
    return true;
}

// Gives a register a new value, of which only the width is known. If its two low bytes were exchanged and only a part
// of it is written, it stays Swapped, so that the exchange that follows makes a number of it. That is sound, because
// any value is some number with these two bytes exchanged.
void Evaluator::define(std::uint8_t reg, const HostInstruction& i)
{
    const bool part = (i.partial & bit(reg)) != 0;
    const bool half = (i.extends & bit(reg)) != 0 || (part && state_->reg(reg).half());
    const bool swapped = part && state_->reg(reg).is(Kind::Swapped);
    set(reg, made(reg, half ? kHalf : kAnything));
    if (swapped) {
        state_->reg(reg).kind = Kind::Swapped;
    }
}

bool Evaluator::generic(const HostInstruction& i, const Access& access)
{
    if (!numbers(i.reads)) {
        return false;
    }
    if (i.has_memory && access.where != Access::Where::Guest) {
        const bool field = access.where == Access::Where::Field && (i.memory.reads || i.memory.writes);
        if (!field) {
            return refuse("it uses a table of the frame in a way that is not allowed");
        }
        const Field& used = *access.field;
        if (used.rights == Rights::Set || used.rights == Rights::Entries ||
            (used.rights == Rights::Slot && (i.memory.writes || !state_->slot(used.which).number()))) {
            return refuse("it uses a slot of the frame in a way that is not allowed");
        }
        if (i.units != 0) {
            return refuse("a vector instruction reaches into the frame");
        }
    }
    for (std::uint8_t reg = 0; reg < kRegisters; ++reg) {
        if ((i.writes & bit(reg)) != 0) {
            define(reg, i);
        }
    }
    return true;
}

bool Evaluator::load_field(const HostInstruction& i, const Access& access)
{
    const bool whole = i.width == 8 && i.mnemonic != ZYDIS_MNEMONIC_MOVZX;
    switch (access.field->rights) {
    case Rights::Signals: set(i.to, {.kind = Kind::SignalsAt}); return true;
    case Rights::Slot:
        if (whole) {
            const Value value = state_->slot(access.field->which);
            set(i.to, value);
            return true;
        }
        break;
    default: break;
    }
    return generic(i, access);
}

bool Evaluator::load(const HostInstruction& i, const Access& access)
{
    State& s = *state_;
    const bool extends = i.mnemonic == ZYDIS_MNEMONIC_MOVZX;
    const bool whole = i.width == 8 && !extends;
    const std::uint8_t to = i.to;
    switch (access.where) {
    case Access::Where::Guest:
    case Access::Where::Selector: break;
    case Access::Where::Field: return load_field(i, access);
    case Access::Where::Signals:
        if (i.width != 4 || extends) {
            return refuse("it loads something else than the word of signals");
        }
        set(to, {.kind = Kind::Signals, .symbol = made_by(offset_, to), .most = kHalf});
        return true;
    case Access::Where::HostPage:
        if (access.dynamic && whole) {
            set(to, of_address(Kind::Page, access.index, s.set));
            return true;
        }
        if (whole && s.known_page && layout_.element_of(*s.known_page) == access.element) {
            set(to, {.kind = Kind::Host,
                     .write = s.known_write,
                     .log = 12,
                     .set = s.set,
                     .offset = *s.known_page,
                     .bytes = kPageBytes});
            return true;
        }
        return refuse("it takes the host address of a page that the TLB is not known to hold");
    case Access::Where::Distance:
        for (const unsigned reg : {unsigned{to}, unsigned{kR10}}) {
            const Value& proof = s.reg(reg);
            if (access.dynamic && whole && proof.is(Kind::Offset) && proof.symbol == access.index.symbol &&
                proof.offset == access.index.offset && proof.set == s.set) {
                Value distance = proof;
                distance.kind = Kind::Distance;
                set(to, distance);
                return true;
            }
        }
        return refuse("it takes the distance to a page that the TLB is not known to hold");
    case Access::Where::JumpCode:
        if (whole && access.dynamic && access.index.is(Kind::JumpEntry)) {
            set(to, {.kind = Kind::JumpCode});
            return true;
        }
        return refuse("it takes an address from a jump table without having compared the entry");
    default: return refuse("it reads a table of the frame in a way that is not allowed");
    }
    if (!numbers(i.reads)) {
        return false;
    }
    define(to, i);
    if (extends) {
        s.reg(to).most = most_of(i.memory.bytes);
    }
    return true;
}

bool Evaluator::store_field(const HostInstruction& i, const Field& field)
{
    State& s = *state_;
    const bool immediate = i.from_place == Place::Immediate;
    switch (field.rights) {
    case Rights::Slot:
        if (immediate) {
            return refuse("it stores a constant to a slot of the frame");
        }
        s.slot(field.which) = s.reg(i.from);
        return true;
    case Rights::Set: {
        const auto wanted = static_cast<std::uint64_t>(i.immediate);
        if (!immediate || i.memory.bytes != 1 ||
            (wanted != block_->assumed.set && wanted != block_->assumed.other_set)) {
            return refuse("it takes a set of the TLB that is not its program's");
        }
        s.set = static_cast<std::uint8_t>(wanted);
        s.known_page.reset(); // what was compared before belongs to the other set
        s.known_jump = -1;
        s.reg(kR10) = s.reg(kR11) = {};
        s.fact = {};
        return true;
    }
    case Rights::Entries:
        if (immediate || i.memory.bytes != 8 || !s.reg(i.from).is(Kind::SetAddress)) {
            return refuse("it stores something else than a set of the TLB to the program's entries");
        }
        s.entries_set = s.reg(i.from).set;
        return true;
    default:
        return immediate || s.reg(i.from).number() || refuse("it stores a host's value where the guest's are");
    }
}

bool Evaluator::store(const HostInstruction& i, const Access& access)
{
    if (access.where == Access::Where::Field) {
        return store_field(i, *access.field);
    }
    if (access.where != Access::Where::Guest) {
        return refuse("it stores to a table of the frame");
    }
    return i.from_place == Place::Immediate || numbers(bit(i.from));
}

bool Evaluator::move(const HostInstruction& i, const Access& access)
{
    State& s = *state_;
    if (i.to_place == Place::Memory) {
        return store(i, access);
    }
    if (i.from_place == Place::Memory) {
        return load(i, access);
    }
    if (i.from_place == Place::Immediate) {
        const auto value = static_cast<std::uint64_t>(i.immediate);
        if (i.width < 4) {
            return generic(i, access);
        }
        set(i.to, constant_of(i.width == 4 ? value & kHalf : value));
        return true;
    }
    if (i.width < 4 || i.mnemonic != ZYDIS_MNEMONIC_MOV) {
        return generic(i, access);
    }
    const Value from = s.reg(i.from);
    set(i.to, i.width == 8 ? from : cut(from, made_by(offset_, i.to)));
    return true;
}

bool Evaluator::lea(const HostInstruction& i)
{
    const MemoryOperand& memory = i.memory;
    if (memory.base != kRsp || i.width != 8) {
        if (i.width < 4 || memory.odd || memory.base == kRsp) {
            return refuse("an LEA of a form that is not allowed");
        }
        const Value sum = address(memory, i.width, made_by(offset_, i.to));
        set(i.to, sum);
        return true;
    }
    for (std::uint8_t n = 0; n < kSets; ++n) {
        if (memory.index == kNoRegister && layout_.set_address[n] == memory.displacement) {
            set(i.to, {.kind = Kind::SetAddress, .set = n});
            return true;
        }
    }
    return refuse("it makes an address in the frame that is not a set of the TLB");
}

bool Evaluator::dispatch(const HostInstruction& i, const Access& access)
{
    if (i.string) {
        return repeat(i);
    }
    switch (i.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX: return move(i, access);
    case ZYDIS_MNEMONIC_LEA: return lea(i);
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR: return arithmetic(i, access);
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_TEST: return compare(i, access);
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SHL:
        return i.from_place == Place::Immediate && i.to_place == Place::Register && i.width >= 4 ? shift(i)
                                                                                                  : generic(i, access);
    case ZYDIS_MNEMONIC_XCHG: return i.swaps_bytes && i.to == i.from ? swap_bytes(i) : generic(i, access);
    case ZYDIS_MNEMONIC_BEXTR: return i.from_place == Place::Register ? extract(i) : generic(i, access);
    case ZYDIS_MNEMONIC_IMUL: return multiply(i) || generic(i, access);
    case ZYDIS_MNEMONIC_NEG:
        return i.to_place == Place::Register && i.width == 8 ? negate(i) : generic(i, access);
    case ZYDIS_MNEMONIC_CMOVB:
        return i.from_place == Place::Register && i.width == 8 ? conditional_move(i) : generic(i, access);
    default: return generic(i, access);
    }
}

bool Evaluator::run(const HostInstruction& i, State& state, std::uint32_t offset, Fault fault)
{
    state_ = &state;
    offset_ = offset;
    fault_ = fault;
    learnt_ = false;
    undo_.reg = kNoRegister;
    if (state.undo.reg != kNoRegister) {
        undo_ = std::exchange(state.undo, {});
    }
    if (!i.allowed) {
        return refuse("an instruction that emitted code may not hold");
    }
    if ((i.writes & bit(kRsp)) != 0) {
        return refuse("it changes the host's stack pointer");
    }
    if (block_->assumed.window && (i.writes & bit(kR14)) != 0) {
        return refuse("it changes the register that holds the window's base");
    }
    if ((i.units & ~state.units) != 0) {
        return refuse("it works on a unit whose state is not known to be the guest's");
    }
    Access access;
    const bool accesses = i.has_memory && (i.memory.reads || i.memory.writes);
    if (accesses && !locate(i, access)) {
        return false;
    }
    const std::uint8_t reg = state.fact.reg;
    const std::uint8_t other = state.fact.other;
    if (!dispatch(i, access)) {
        return false;
    }
    const auto touched = [&](std::uint8_t n) { return n != kNoRegister && (i.writes & bit(n)) != 0; };
    if (!learnt_ && (i.writes_flags || touched(reg) || touched(other))) {
        state.fact = {};
    }
    return true;
}

} // namespace windsor::translate::verify
