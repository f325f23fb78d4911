// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/access_groups.hpp"

#include "translate/emit/operands.hpp"
#include "translate/kinds.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace windsor::translate {

namespace {

constexpr std::int32_t kFarthest = 512; // a group spans at most so many bytes, so that few groups cross a page's edge

bool is_stack_pointer(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value) &&
           full_number(operand.reg.value) == x86::kRsp;
}

std::optional<std::int32_t> movement_of_arithmetic(const Instruction& i)
{
    const ZydisDecodedOperand& by = i.operands[1];
    const bool adds = i.decoded.mnemonic == ZYDIS_MNEMONIC_ADD;
    const bool known = (adds || i.decoded.mnemonic == ZYDIS_MNEMONIC_SUB) && by.type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
                       std::abs(by.imm.value.s) < kFarDisplacement;
    const auto value = static_cast<std::int32_t>(by.imm.value.s);
    return known ? std::optional{adds ? value : -value} : std::nullopt;
}

std::optional<std::int32_t> movement_of_lea(const Instruction& i)
{
    const auto& mem = i.operands[1].mem;
    const bool known = i.decoded.address_width == i.decoded.operand_width && is_general(mem.base) &&
                       full_number(mem.base) == x86::kRsp && mem.index == ZYDIS_REGISTER_NONE &&
                       std::abs(mem.disp.value) < kFarDisplacement;
    return known ? std::optional{displacement_of(i.operands[1])} : std::nullopt;
}

// Returns by how many bytes an instruction moves the stack pointer, or nothing if that is not known.
std::optional<std::int32_t> stack_movement(const Instruction& i, std::int32_t word)
{
    const bool whole = i.decoded.operand_width == static_cast<unsigned>(word) * 8;
    switch (i.kind) {
    case Kind::Push: return -word;
    case Kind::Pop: return is_stack_pointer(i.operands[0]) ? std::nullopt : std::optional{word};
    case Kind::Plain: return whole ? movement_of_arithmetic(i) : std::nullopt;
    case Kind::Lea: return whole ? movement_of_lea(i) : std::nullopt;
    default: return std::nullopt;
    }
}

// Returns how far from the stack pointer an instruction accesses the top of the stack. Instructions that access other
// memory as well are in no group by their stack.
std::optional<std::int32_t> stack_access(const Instruction& i, std::int32_t word)
{
    if (i.memory != nullptr) {
        return std::nullopt;
    }
    switch (row_of(i.kind).stack) {
    case Stack::Pushes: return -word;
    case Stack::Pops: return 0;
    case Stack::Alone: break;
    }
    return std::nullopt;
}

} // namespace

// Makes an access part of the register's group, or of a new one if that would become too wide.
GroupPlace AccessGroups::join(unsigned base, std::int32_t offset, unsigned size, emulate::Intent intent)
{
    int& open = open_groups_[base];
    const std::int32_t moved = base == x86::kRsp ? stack_moved_ : 0;
    const std::int32_t end = offset + static_cast<std::int32_t>(size);
    if (open >= 0) {
        const Group& group = groups_[static_cast<std::size_t>(open)];
        const std::int32_t shift = moved - group.moved;
        if (std::max(group.high, end + shift) - std::min(group.low, offset + shift) > kFarthest) {
            open = kNone;
        }
    }
    if (open < 0) {
        open = static_cast<int>(groups_.size());
        groups_.push_back({.base = base, .moved = moved, .low = offset, .high = end});
    }
    Group& group = groups_[static_cast<std::size_t>(open)];
    const std::int32_t shift = moved - group.moved;
    group.low = std::min(group.low, offset + shift);
    group.high = std::max(group.high, end + shift);
    group.write = group.write || intent == emulate::Intent::Write;
    ++group.uses;
    return {.number = open, .shift = shift};
}

// Ends the groups of registers that the instruction writes.
void AccessGroups::close_written(const Instruction& i)
{
    const auto movement = stack_movement(i, progress_.word_bytes());
    for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        const bool written = operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value) &&
                             (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        if (!written) {
            continue;
        }
        if (is_stack_pointer(operand) && movement) {
            stack_moved_ += *movement;
        } else {
            open_groups_[full_number(operand.reg.value)] = kNone;
        }
    }
}

void AccessGroups::find(std::span<Instruction> instructions)
{
    groups_.clear();
    open_groups_.fill(kNone);
    stack_moved_ = 0;
    const std::int32_t size = progress_.word_bytes();
    for (Instruction& i : instructions) {
        i.place = {};
        i.stack_place = {};
        if (progress_.window || progress_.single || row_of(i.kind).groups == Groups::End) {
            open_groups_.fill(kNone);
            continue;
        }
        if (const auto base = sole_base(progress_.context, i)) {
            const auto intent = i.writes_memory() ? emulate::Intent::Write : emulate::Intent::Read;
            i.place = join(*base, displacement_of(*i.memory), i.memory_bytes(), intent);
        }
        if (const auto offset = stack_access(i, size)) {
            const auto intent = *offset < 0 ? emulate::Intent::Write : emulate::Intent::Read;
            i.stack_place = join(x86::kRsp, *offset, static_cast<unsigned>(size), intent);
        }
        close_written(i);
    }
    leave_lone(instructions);
}

// Takes accesses out of groups that have no other access, and marks the first access of each group.
void AccessGroups::leave_lone(std::span<Instruction> instructions)
{
    for (Instruction& i : instructions) {
        for (GroupPlace* place : {&i.place, &i.stack_place}) {
            if (place->number >= 0 && group(*place).uses < 2) {
                *place = {};
            } else if (place->number >= 0) {
                place->first = !std::exchange(group(*place).met, true);
            }
        }
    }
}

void AccessGroups::begin_instruction(const Instruction& i)
{
    left_ = kNone;
    if (!spares_temporary(i)) { // the instruction may put something else into kTemp0 before its access
        held_ = kNone;
    }
}

bool AccessGroups::take_at_hand(const GroupPlace& place)
{
    return std::exchange(held_, kNone) == place.number;
}

std::optional<std::uint8_t> AccessGroups::end_instruction(const Instruction& i, Written written)
{
    if (written == Written::ForInterpreter || !spares_temporary(i)) {
        held_ = kNone;
    } else if (left_ >= 0) {
        held_ = left_;
    }
    return held_ < 0 ? std::nullopt
                     : std::optional{static_cast<std::uint8_t>(groups_[static_cast<std::size_t>(held_)].base)};
}

// Tells whether the code of an instruction leaves kTemp0 as its access to a group has left it, or as it was.
bool AccessGroups::spares_temporary(const Instruction& i) const
{
    const auto spares = row_of(i.kind).spares_temporary;
    return spares != nullptr && spares(*this, i);
}

unsigned memory_registers(const Instruction& i)
{
    std::uint32_t met = 0;
    const auto meet = [&](ZydisRegister reg) {
        if (is_general(reg) && in_memory(full_number(reg))) {
            met |= 1u << full_number(reg);
        }
    };
    for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            meet(operand.reg.value);
        } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            meet(operand.mem.base);
            meet(operand.mem.index);
        }
    }
    return static_cast<unsigned>(std::popcount(met));
}

} // namespace windsor::translate
