// SPDX-License-Identifier: GPL-2.0-or-later
// This file checks where code leaves a block, and how it comes back from C++.
#include "translate/verify/verifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace windsor::translate::verify {

namespace {

using Kind = Value::Kind;

constexpr std::uint32_t kEdge = std::uint32_t{1} << 31;

// Tells whether a host register holds a guest register: RSP, R10 and R11 do not.
constexpr bool in_register(unsigned reg)
{
    return reg != kRsp && reg != kR10 && reg != kR11;
}

} // namespace

// Checks that all of the guest's registers are where the code that goes on expects them, with nothing of the host's in
// them.
bool Verifier::registers_in_place()
{
    const Assumptions& assumed = block_->assumed;
    for (unsigned reg = 0; reg < kRegisters; ++reg) {
        const Value& value = state_.reg(reg);
        const bool base = reg == kR14 && assumed.window;
        if (!in_register(reg) || (base && value.is(Kind::Window))) {
            continue;
        }
        if (base || !value.number()) {
            return refuse(violation_.offset, "a register does not hold what is expected of it where the block is left");
        }
        if (assumed.narrow && is_legacy(reg) && !value.half()) {
            return refuse(violation_.offset,
                          "the upper half of a register is not known to be clear where the block is left");
        }
    }
    return (state_.set == state_.entries_set && state_.set < kSets) ||
           refuse(violation_.offset, "the program's set of the TLB and its entries differ where the block is left");
}

bool Verifier::may_leave_by(const char* unlooked)
{
    return registers_in_place() && (state_.looked || refuse(violation_.offset, unlooked));
}

bool Verifier::leave_to(std::uint64_t target, std::uint32_t offset)
{
    violation_.offset = offset;
    const Layout::Stubs& stubs = layout_.stubs[block_->assumed.window ? 1 : 0];
    if (!registers_in_place()) {
        return false;
    }
    if (target == stubs.leave) {
        return state_.reg(kR10).number() || refuse(offset, "the block is left without the guest's RIP");
    }
    if (target == stubs.help) {
        return help(offset);
    }
    if (target == stubs.cross) {
        return cross(offset);
    }
    return refuse(offset, "a jump leads neither into the block nor to a stub of its kind");
}

bool Verifier::help(std::uint32_t offset)
{
    const Value& number = state_.reg(kR11);
    const std::uint64_t first = block_->first_exit;
    const auto wanted = static_cast<std::uint64_t>(number.offset);
    if (number.constant() && block_->late && wanted == block_->late->exit) {
        return block_->late->context == block_->assumed.keys[state_.set] ||
               refuse(offset, "a late exit is of another context than the code that leads to it");
    }
    if (!number.constant() || wanted < first || wanted >= first + block_->exits.size()) {
        return refuse(offset, "C++ is called for something that is no exit of the block");
    }
    const SideExitView& exit = block_->exits[wanted - first];
    if (exit.context != block_->assumed.keys[state_.set]) {
        return refuse(offset, "an exit is of another context than the code that leads to it");
    }
    return exit.resume == kNowhere || resume(offset, exit);
}

bool Verifier::cross(std::uint32_t offset)
{
    const Value& number = state_.reg(kR11);
    const Value& rip = state_.reg(kR10);
    if (!number.constant() || (static_cast<std::uint64_t>(number.offset) & ~(kEdge - std::uint64_t{1})) != kEdge ||
        !rip.constant()) {
        return refuse(offset, "an edge is left without its number or the guest's RIP");
    }
    const std::uint32_t link = static_cast<std::uint32_t>(number.offset) & (kEdge - 1);
    if (link == 0) {
        return true;
    }
    if (link - 1 < block_->first_link || link - 1 >= block_->first_link + block_->links.size()) {
        return refuse(offset, "an edge is left with the number of another block's link");
    }
    const LinkView& view = block_->links[link - 1 - block_->first_link];
    const bool same = view.target == static_cast<std::uint64_t>(rip.offset) &&
                      view.context == block_->assumed.keys[state_.set];
    return same || refuse(offset, "an edge leads elsewhere than its link, or in another context");
}

// Evaluates what the interpreter does to the stack pointer. PUSH and POP move it by a known distance, so that a group
// of accesses by RSP outlives them.
void Verifier::move_stack(State& state, const HostInstruction& i, std::uint32_t offset)
{
    Value& pointer = state.reg(kR15);
    const bool pops_itself = i.mnemonic == ZYDIS_MNEMONIC_POP && i.to_place == Place::Register && i.to == kRsp;
    const std::int64_t by = i.mnemonic == ZYDIS_MNEMONIC_PUSH ? -std::int64_t{i.width} : std::int64_t{i.width};
    const bool known = (i.mnemonic == ZYDIS_MNEMONIC_PUSH || i.mnemonic == ZYDIS_MNEMONIC_POP) && !pops_itself &&
                       block_->assumed.long64;
    pointer = known ? shifted(pointer, by, 8, made_by(offset, kR15))
                    : number_of(made_by(offset, kR15), block_->assumed.narrow ? kHalf : kAnything);
}

// Makes the registers new that the guest's instruction may write, and leaves all others as they were. A null
// instruction may have written any of them.
void Verifier::after_guest(const HostInstruction* i, State& state, std::uint32_t offset)
{
    const std::uint64_t most = block_->assumed.narrow ? kHalf : kAnything;
    for (unsigned reg = 0; reg < kRegisters; ++reg) {
        const unsigned guest = reg == kR15 ? kRsp : reg;
        const bool written = i == nullptr || (i->writes >> guest & 1) != 0;
        if (!in_register(reg) || !written || (reg == kR14 && block_->assumed.window)) {
            continue;
        }
        if (guest == kRsp && i != nullptr) {
            move_stack(state, *i, offset);
        } else {
            state.reg(reg) = number_of(made_by(offset, reg), most);
        }
    }
    if (i == nullptr) {
        for (unsigned n = 0; n < kSlots; ++n) {
            state.slot(n) = {};
        }
    }
}

// Sets the slot of a group after C++ has run the instruction that opens it. The bytes were looked up by the register as
// it was before the instruction.
void Verifier::open_group(const SideExitView& exit, State& state, const State& before, std::uint32_t offset)
{
    const unsigned reg = exit.base == kRsp ? kR15 : exit.base;
    Value value{
        .kind = exit.distance ? Kind::Distance : Kind::Host, .write = exit.write, .set = state.set, .bytes = exit.span};
    if (exit.distance) {
        const Value first = shifted(before.reg(reg), exit.from, 8, made_by(offset, kR10));
        if (!first.is(Kind::Number)) {
            value = {};
        }
        value.symbol = first.symbol;
        value.offset = first.offset;
        value.cut = first.cut;
    } else {
        value.symbol = made_by(offset, kR10); // the host address of an unknown page
        value.at = -exit.low;
    }
    state.slot(exit.base) = value;
}

bool Verifier::resume(std::uint32_t offset, const SideExitView& exit)
{
    State after = state_;
    after.reg(kR10) = after.reg(kR11) = {};
    after.fact = {};
    after.known_page.reset();
    after.known_jump = -1;
    if (exit.kind == SideExitView::Kind::Load) {
        after.units |= exit.units;
        return go(offset, exit.resume, after);
    }
    InstructionReader& reader = block_->assumed.long64 ? wide_guest_ : narrow_guest_;
    const HostInstruction* i = nullptr;
    if (exit.offset < block_->guest.size()) {
        i = reader.read(block_->guest.subspan(exit.offset));
    }
    if (i != nullptr && i->jumps && exit.kind == SideExitView::Kind::Access) {
        return true; // the interpreter never comes back to this block's code after a jump
    }
    for (unsigned n = kScratch; n < kSlots; ++n) {
        after.slot(n) = {};
    }
    // An instruction that is allowed in emitted code writes no more registers than its operands say.
    const bool ordinary = exit.kind == SideExitView::Kind::Access || (i != nullptr && i->allowed);
    after_guest(ordinary ? i : nullptr, after, offset);
    if (exit.group) {
        open_group(exit, after, state_, offset);
    }
    after.reg(kR10) = after.slot(exit.kept);
    return go(offset, exit.resume, after);
}

std::string Verifier::explain(const BlockView& block, const Violation& violation)
{
    std::string bytes;
    const bool late = violation.offset >= block.code.size() && block.late;
    const std::size_t begin = late ? block.code.size() : 0;
    const auto code = late ? block.late->code : block.code;
    for (const std::uint8_t byte :
         code.subspan(std::min(violation.offset - begin, code.size())) | std::views::take(16)) {
        bytes += fmt::format(" {:02x}", byte);
    }
    return fmt::format(
        "emitted code at {:#x} ({:#x} in the block of guest address {:#x}, bytes{}) is not what it may be: {}",
        (late ? block.late->address : block.address) + violation.offset - begin, violation.offset, block.rip, bytes,
        violation.what);
}

} // namespace windsor::translate::verify
