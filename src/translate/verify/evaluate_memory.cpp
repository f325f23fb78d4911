// SPDX-License-Identifier: GPL-2.0-or-later
// This file finds what memory operands lead to, and whether that has been checked.
#include "translate/verify/evaluator.hpp"

#include <algorithm>
#include <bit>

namespace windsor::translate::verify {

namespace {

using Kind = Value::Kind;

// The elements of the TLB's arrays and the entries of jump tables have so many bytes.
constexpr std::int32_t kElement = 8;
constexpr std::int32_t kJumpEntry = 16;
constexpr std::uint8_t kElementLog = 3;

} // namespace

const Field* Layout::find(std::int32_t displacement) const
{
    const auto behind = std::ranges::upper_bound(fields, displacement, {}, &Field::begin);
    if (behind == fields.begin() || displacement >= (behind - 1)->end) {
        return nullptr;
    }
    return &*(behind - 1);
}

Value cut(const Value& value, Symbol name)
{
    if (!value.is(Kind::Number)) {
        return value.number() ? number_of(name, kHalf) : Value{};
    }
    if (value.most <= kHalf) {
        return value;
    }
    if (value.constant()) {
        return constant_of(static_cast<std::uint64_t>(value.offset) & kHalf);
    }
    return {.kind = Kind::Number, .cut = true, .symbol = value.symbol, .offset = value.offset, .most = kHalf};
}

Value shifted(const Value& value, std::int64_t by, std::uint8_t width, Symbol name)
{
    if (!value.is(Kind::Number)) {
        return value.number() ? number_of(name, width == 4 ? kHalf : kAnything) : Value{};
    }
    if (by == 0) {
        return width == 4 ? cut(value, name) : value;
    }
    const auto sum =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(value.offset) + static_cast<std::uint64_t>(by));
    if (value.constant()) {
        const auto whole = static_cast<std::uint64_t>(sum);
        return constant_of(width == 4 ? whole & kHalf : whole);
    }
    if (width == 4) { // a value that was cut before is cut again, which comes to the same
        return {.kind = Kind::Number, .cut = true, .symbol = value.symbol, .offset = sum, .most = kHalf};
    }
    Value v = value.cut ? number_of(name) : number_of(value.symbol);
    v.offset = value.cut ? 0 : sum;
    if (value.most <= kHalf && by > 0) {
        v.most = value.most + static_cast<std::uint64_t>(by);
    } else if (value.most <= kHalf && by == -1 && value.nonzero) {
        v.most = value.most;
    }
    return v;
}

// Returns what an operand adds up to that has a register and the distance to host memory that was looked up for it.
Value Evaluator::by_distance(const Value& number, const Value& distance, std::int32_t displacement)
{
    const bool same = number.symbol == distance.symbol && number.cut == distance.cut;
    const std::int64_t between = number.offset - distance.offset;
    constexpr std::int64_t kFar = 1 << 24;
    if (!same || (number.cut && between != 0) || between > kFar || between < -kFar) {
        return {};
    }
    Value v = distance;
    v.kind = Kind::Host;
    v.at = static_cast<std::int32_t>(between + displacement);
    return v;
}

// Returns the offset of the first of N elements from that of the last one, which is known to lie in its page. The sum
// does not overflow, because N is bounded.
Value Evaluator::low_end(const Value& offset, const Value& count, const MemoryOperand& memory)
{
    const std::int32_t size = 1 << memory.scale;
    constexpr std::int64_t kFar = 1 << 20;
    const bool plain = !count.cut && count.offset < kFar && count.offset > -kFar;
    if (!plain || count.most > kPageBytes || memory.displacement != size || offset.bytes < size) {
        return {};
    }
    return {.kind = Kind::Low, .write = offset.write, .cut = offset.cut, .log = memory.scale, .set = offset.set,
            .symbol = offset.symbol, .other = count.symbol, .offset = offset.offset,
            .at = static_cast<std::int32_t>(count.offset)};
}

Value Evaluator::with_index(const Value& base, const Value& index, const MemoryOperand& memory, Symbol name) const
{
    if (base.is(Kind::Number) && index.is(Kind::Distance) && memory.scale == 0) {
        return by_distance(base, index, memory.displacement);
    }
    if (base.is(Kind::Distance) && index.is(Kind::Number) && memory.scale == 0) {
        return by_distance(index, base, memory.displacement);
    }
    if (base.is(Kind::Offset) && index.is(Kind::Page) && memory.scale == 0 && base.same_address(index) &&
        base.set == index.set) {
        Value v = base;
        v.kind = Kind::Host;
        v.at = memory.displacement;
        return v;
    }
    if (base.is(Kind::Offset) && index.is(Kind::Negative)) {
        return low_end(base, index, memory);
    }
    if (base.is(Kind::LowHost) && index.is(Kind::Number)) {
        const bool same = base.other == index.symbol && base.at == index.offset && !index.cut &&
                          memory.scale == base.log && memory.displacement == -(1 << base.log);
        Value v = base;
        v.kind = Kind::Down;
        return same ? v : Value{};
    }
    return base.number() && index.number() ? number_of(name) : Value{};
}

// Returns the address that a memory operand adds up to, in 4 or 8 bytes.
Value Evaluator::address(const MemoryOperand& memory, std::uint8_t width, Symbol name) const
{
    const State& s = *state_;
    Value sum;
    if (memory.index == kNoRegister) {
        const Value base = memory.base == kNoRegister ? constant_of(0) : s.reg(memory.base);
        switch (base.kind) {
        case Kind::Host:
            sum = base;
            sum.at += memory.displacement;
            break;
        case Kind::Down:
            sum = base;
            if (memory.displacement == -(1 << base.log)) {
                --sum.at; // this is the last of one element fewer
            } else if (memory.displacement != 0) {
                sum = {};
            }
            break;
        default: return shifted(base, memory.displacement, width, name);
        }
    } else if (memory.base == kNoRegister) {
        sum = s.reg(memory.index).number() ? number_of(name) : Value{};
    } else {
        sum = with_index(s.reg(memory.base), s.reg(memory.index), memory, name);
    }
    return width == 4 ? cut(sum, name) : sum;
}

// Tells whether an instruction may change the mask of signals. Code that ignored all of them could never be stopped, so
// it may only mask interrupts.
bool Evaluator::may_mask(const HostInstruction& i) const
{
    switch (i.mnemonic) {
    case ZYDIS_MNEMONIC_OR: return true; // it unmasks signals
    case ZYDIS_MNEMONIC_AND:
        return i.from_place == Place::Immediate && i.memory.bytes == 4 &&
               static_cast<std::uint32_t>(i.immediate) == ~layout_.masked_signal;
    default: return false;
    }
}

bool Evaluator::may_use(const HostInstruction& i, const Field& field)
{
    const MemoryOperand& memory = i.memory;
    if (memory.displacement + memory.bytes > field.end) {
        return refuse("it goes beyond a field of the frame");
    }
    const bool kernel = !block_->assumed.user;
    switch (field.rights) {
    case Rights::Read:
    case Rights::Live: return !memory.writes || refuse("it stores to a field of the frame that is not its own");
    case Rights::Signals: // the guest must not see the host's address of the signals
        return (!memory.writes && memory.bytes == 8 && i.mnemonic == ZYDIS_MNEMONIC_MOV) ||
               refuse("it uses the address of the signals for something else than to look at them");
    case Rights::Change: return true;
    case Rights::KernelRead:
        return (kernel && !memory.writes) || refuse("it uses a field of the frame that is not its own");
    case Rights::Heeded:
        return !memory.writes || (kernel && may_mask(i)) ||
               refuse("it masks other signals than interrupts, or stores to a field of the frame that only code of "
                      "ring 0 may");
    case Rights::Kernel:
        return kernel || !memory.writes || refuse("it stores to a field of the frame, which only code of ring 0 may");
    case Rights::Slot:
        return !memory.writes || (!memory.reads && memory.bytes == 8) ||
               refuse("it changes a part of a slot of the frame");
    case Rights::Set:
    case Rights::Entries:
        return (kernel && !memory.reads && i.mnemonic == ZYDIS_MNEMONIC_MOV) ||
               refuse("it uses the program's set of the TLB in a way that is not allowed");
    }
    return false;
}

// Locates an access to the frame with an index register, whose value has to be known to be in bounds.
bool Evaluator::locate_by_index(const MemoryOperand& memory, Access& access)
{
    const State& s = *state_;
    const Value& index = s.reg(memory.index);
    access.index = index;
    access.dynamic = true;
    if (index.is(Kind::Index) && index.log + memory.scale == kElementLog && s.set < kSets) {
        const TlbArrays& arrays = layout_.tlb[s.set];
        access.write = memory.displacement == arrays.write;
        const bool tag = access.write || memory.displacement == arrays.read;
        access.where = tag                                         ? Access::Where::Tag
                       : memory.displacement == arrays.host ? Access::Where::HostPage
                                                                   : Access::Where::Distance;
        return tag || memory.displacement == arrays.host || memory.displacement == arrays.distance ||
               refuse("it reads no array of the program's set of the TLB");
    }
    if ((index.is(Kind::JumpIndex) || index.is(Kind::JumpEntry)) && memory.scale == 0 && s.set < kSets) {
        const int table = block_->assumed.tables[s.set];
        const std::int32_t first = layout_.jumps + table * layout_.jump_entries * kJumpEntry;
        access.where = memory.displacement == first ? Access::Where::JumpRip : Access::Where::JumpCode;
        return (table >= 0 && (memory.displacement == first || memory.displacement == first + kElement)) ||
               refuse("it reads another jump table than that of its context");
    }
    const std::int32_t inside = memory.displacement - layout_.selectors;
    const auto last = static_cast<std::uint64_t>((layout_.selector_count - 1) * layout_.selector_bytes);
    const bool known = index.is(Kind::Number) && memory.scale == 0 && index.most <= last &&
                       (1 << std::min<int>(index.zeros, 16)) >= layout_.selector_bytes && !block_->assumed.user &&
                       inside >= 0 && inside + memory.bytes <= layout_.selector_bytes;
    access.where = Access::Where::Selector;
    return known || refuse("its index into the frame is not known to be in bounds");
}

// Locates an access to the frame without an index: to one element of the TLB or one entry of a jump table.
bool Evaluator::locate_element(const MemoryOperand& memory, Access& access)
{
    const State& s = *state_;
    const auto within = [&](std::int32_t array) {
        const std::int64_t distance = std::int64_t{memory.displacement} - array;
        access.element = static_cast<std::int32_t>(distance / kElement);
        return distance >= 0 && distance < std::int64_t{layout_.tlb_count} * kElement && distance % kElement == 0;
    };
    if (s.set >= kSets) {
        return refuse("it is not known in whose name memory is accessed");
    }
    const TlbArrays& arrays = layout_.tlb[s.set];
    if (within(arrays.read) || within(arrays.write)) {
        access.where = Access::Where::Tag;
        access.write = within(arrays.write);
        return access.write || within(arrays.read);
    }
    if (within(arrays.host)) {
        access.where = Access::Where::HostPage;
        return true;
    }
    const int table = block_->assumed.tables[s.set];
    const std::int64_t first = std::int64_t{layout_.jumps} + std::int64_t{table} * layout_.jump_entries * kJumpEntry;
    const std::int64_t distance = memory.displacement - first;
    if (table < 0 || distance < 0 || distance >= std::int64_t{layout_.jump_entries} * kJumpEntry ||
        distance % kElement != 0) {
        return refuse("it reaches a part of the frame that is not its own");
    }
    access.where = distance % kJumpEntry == 0 ? Access::Where::JumpRip : Access::Where::JumpCode;
    access.element = static_cast<std::int32_t>(distance / kJumpEntry);
    return true;
}

bool Evaluator::locate_in_frame(const HostInstruction& i, Access& access)
{
    const MemoryOperand& memory = i.memory;
    if (memory.index == kNoRegister) {
        access.field = layout_.find(memory.displacement);
        access.where = Access::Where::Field;
        if (access.field != nullptr) {
            return may_use(i, *access.field);
        }
    }
    const bool found = memory.index != kNoRegister ? locate_by_index(memory, access) : locate_element(memory, access);
    if (!found) {
        return false;
    }
    if (memory.writes) {
        return refuse("it stores to a table of the frame");
    }
    return access.where == Access::Where::Selector || memory.bytes == kElement ||
           refuse("it reads a part of an entry of a table");
}

// Checks an access to the window. If it leaves the four gigabytes, it meets a guard area and faults.
bool Evaluator::locate_in_window(const HostInstruction& i)
{
    const MemoryOperand& memory = i.memory;
    const bool bounded = memory.index == kNoRegister || (state_->reg(memory.index).half() && memory.scale == 0);
    if (!bounded) {
        return refuse("the index of an access to the window is not known to be 32 bits wide");
    }
    if (memory.displacement < layout_.least_displacement) {
        return refuse("an access to the window lies below its guard area");
    }
    return fault_ == Fault::LeadsToCode || refuse("the fault of an access to the window leads nowhere");
}

// Checks that BT, BTC, BTR or BTS stays in its memory operand: a bit index in a register may lead beyond it.
bool Evaluator::bit_in_operand(const HostInstruction& i)
{
    switch (i.mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS: break;
    default: return true;
    }
    if (i.from_place != Place::Register) {
        return true;
    }
    return (state_->reg(i.from).is(Kind::Number) && state_->reg(i.from).most < i.width * 8u) ||
           refuse("the index of a bit is not known to lie in the operand");
}

bool Evaluator::locate_guest(const HostInstruction& i)
{
    const MemoryOperand& memory = i.memory;
    const State& s = *state_;
    const Value place = address(memory, 8, 0);
    if (place.is(Kind::Down)) {
        const Value& count = s.reg(kRcx);
        const bool there = count.is(Kind::Number) && count.symbol == place.other && count.offset == place.at &&
                           !count.cut && count.nonzero && memory.bytes == 1 << place.log && place.set == s.set;
        return (there && (place.write || !memory.writes)) ||
               refuse("an access downwards is not known to stay in its page");
    }
    if (!place.is(Kind::Host)) {
        return refuse("it accesses memory that has not been looked up");
    }
    if (place.set != s.set) {
        return refuse("it accesses memory in another name than its program's");
    }
    if (place.at < 0 || place.at + memory.bytes > place.bytes) {
        return refuse("it accesses more bytes than have been looked up");
    }
    if (memory.writes && !place.write) {
        return refuse("it stores to memory that has been looked up for reading");
    }
    const bool aligned = (1 << place.log) >= memory.bytes && place.at % memory.bytes == 0;
    return !i.aligned || aligned || fault_ == Fault::LeadsToCode ||
           refuse("its operand may not be aligned, and its fault leads nowhere");
}

bool Evaluator::locate_signals(const MemoryOperand& memory)
{
    const bool whole = memory.index == kNoRegister && memory.displacement == 0 && memory.bytes <= 4;
    return (whole && !memory.writes) || refuse("it does more with the signals than to look at them");
}

bool Evaluator::locate(const HostInstruction& i, Access& access)
{
    const MemoryOperand& memory = i.memory;
    if (memory.odd) {
        return refuse("its memory operand has a form that is not allowed");
    }
    if (!bit_in_operand(i)) {
        return false;
    }
    if (memory.base == kRsp) {
        return locate_in_frame(i, access);
    }
    if (memory.base != kNoRegister && state_->reg(memory.base).is(Kind::SignalsAt)) {
        access.where = Access::Where::Signals;
        return locate_signals(memory);
    }
    access.where = Access::Where::Guest;
    const bool window = memory.base != kNoRegister && state_->reg(memory.base).is(Kind::Window);
    return window ? locate_in_window(i) : locate_guest(i);
}

} // namespace windsor::translate::verify
