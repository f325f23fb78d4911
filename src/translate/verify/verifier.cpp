// SPDX-License-Identifier: GPL-2.0-or-later
// This file follows the ways through a block, and joins what is known where they meet.
#include "translate/verify/verifier.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace windsor::translate::verify {

namespace {

using Kind = Value::Kind;

constexpr const char* kInMiddle =
    "a jump leads into the middle of an instruction, or two ways read the same bytes differently";

} // namespace

Verifier::Verifier(Layout layout) : layout_{std::move(layout)}, evaluator_{layout_} {}

Verifier::Node& Verifier::node_at(std::uint32_t offset)
{
    std::int32_t& number = node_of_[offset];
    if (number < 0) {
        number = static_cast<std::int32_t>(used_);
        if (used_ == nodes_.size()) {
            nodes_.emplace_back();
        }
        Node& fresh = nodes_[used_++];
        fresh.offset = offset;
        fresh.reached = false;
        fresh.pending = false;
    }
    return nodes_[static_cast<std::size_t>(number)];
}

void Verifier::schedule(Node& node)
{
    if (std::exchange(node.pending, true)) {
        return;
    }
    if (node.offset >= cold_from_) {
        cold_.push_back(node.offset);
        return;
    }
    body_.push_back(node.offset);
    std::ranges::push_heap(body_, std::greater{});
}

bool Verifier::pop(std::uint32_t& offset)
{
    if (!cold_.empty()) {
        offset = cold_.back();
        cold_.pop_back();
        return true;
    }
    if (body_.empty()) {
        return false;
    }
    std::ranges::pop_heap(body_, std::greater{});
    offset = body_.back();
    body_.pop_back();
    return true;
}

// Returns what is known at an entry: the guest's registers are where they belong, and may hold anything.
State Verifier::entry_state(std::uint32_t offset, Looked looked) const
{
    const Assumptions& assumed = block_->assumed;
    State s;
    for (unsigned reg = 0; reg < kRegisters; ++reg) {
        s.reg(reg) = number_of(symbol_of(offset, reg), assumed.narrow && is_legacy(reg) ? kHalf : kAnything);
    }
    s.reg(kRsp) = {.kind = Kind::Frame};
    s.reg(kR10) = s.reg(kR11) = {};
    if (assumed.window) {
        s.reg(kR14) = {.kind = Kind::Window};
    }
    s.looked = looked == Looked::Yes;
    s.set = s.entries_set = assumed.set;
    return s;
}

Verifier::Region Verifier::region_of(std::uint32_t offset) const
{
    if (offset < block_->code.size() || !block_->late) {
        return {.code = block_->code, .begin = 0, .address = block_->address};
    }
    return {.code = block_->late->code,
            .begin = static_cast<std::uint32_t>(block_->code.size()),
            .address = block_->late->address};
}

std::size_t Verifier::size() const
{
    return block_->code.size() + (block_->late ? block_->late->code.size() : 0);
}

void Verifier::prepare()
{
    bytes_.assign(size(), Byte::Unread);
    node_of_.assign(size() + 1, -1);
    used_ = 0;
    cold_.clear();
    body_.clear();
    linked_.assign(block_->links.size(), false);
    cold_from_ = 0;
    for (const SideExitView& exit : block_->exits) {
        if (exit.resume != kNowhere) {
            cold_from_ = std::max(cold_from_, exit.resume);
        }
    }
    for (const SideExitView& exit : block_->exits) {
        if (exit.resume < block_->code.size()) {
            node_at(exit.resume);
        }
    }
    for (const std::uint32_t join : joins_) {
        node_at(join);
    }
}

std::optional<Violation> Verifier::verify(const BlockView& block)
{
    block_ = &block;
    evaluator_.begin(block);
    joins_.clear();
    violation_ = {};
    std::size_t joins = 0;
    do { // another pass is needed if a jump led to what had been read without a node
        joins = joins_.size();
        prepare();
        if (!follow_all()) {
            return violation_;
        }
    } while (joins_.size() != joins);
    return links_in_place() ? std::nullopt : std::optional{violation_};
}

bool Verifier::follow_all()
{
    const std::array<std::pair<std::uint32_t, Looked>, 3> entries{
        {{block_->from_host, Looked::No}, {block_->from_memory, Looked::No}, {block_->unchecked, Looked::Yes}}};
    for (const auto& [offset, looked] : entries) {
        if (offset >= block_->code.size()) {
            return refuse(0, "an entry lies outside the block");
        }
        State state = entry_state(offset, looked);
        if (!go(offset, offset, state)) {
            return false;
        }
    }
    const std::size_t joins = joins_.size();
    std::uint32_t offset = 0;
    while (pop(offset)) {
        if (!follow(offset)) {
            return false;
        }
        if (joins_.size() != joins) {
            return true; // verify() begins again with the new node
        }
    }
    return true;
}

// Takes a way to `target` with this state. The state may be changed, so nobody can use it afterwards.
bool Verifier::go(std::uint32_t source, std::uint32_t target, State& state)
{
    if (target >= size()) {
        return refuse(source, "a way leads out of the block");
    }
    if (bytes_[target] == Byte::Inner) {
        return refuse(source, kInMiddle);
    }
    if (bytes_[target] == Byte::First && node_of_[target] < 0) {
        joins_.push_back(target);
        return true;
    }
    if (target < source) {
        go_back(state, target, source);
    }
    Node& node = node_at(target);
    if (!node.reached) {
        node.reached = true;
        node.state = state;
        schedule(node);
    } else if (join(node.state, state, target)) {
        schedule(node);
    }
    return true;
}

bool Verifier::mark(std::uint32_t offset, unsigned length)
{
    if (bytes_[offset] == Byte::Inner) {
        return refuse(offset, kInMiddle);
    }
    bytes_[offset] = Byte::First;
    for (unsigned n = 1; n < length; ++n) {
        if (bytes_[offset + n] == Byte::First) {
            return refuse(offset, kInMiddle);
        }
        bytes_[offset + n] = Byte::Inner;
    }
    return true;
}

bool Verifier::follow(std::uint32_t offset)
{
    {
        Node& node = node_at(offset);
        node.pending = false;
        state_ = node.state;
    }
    const Region region = region_of(offset);
    for (;;) {
        const HostInstruction* i = host_.read(region.code.subspan(offset - region.begin));
        if (i == nullptr) {
            return refuse(offset, "bytes that are no instruction of at most 15 bytes");
        }
        if (!mark(offset, i->length)) {
            return false;
        }
        if (const auto cold = after_fault(offset)) {
            State state = state_;
            if (!go(offset, *cold, state)) {
                return false;
            }
        }
        switch (step(offset, *i)) {
        case Next::Failed: return false;
        case Next::End: return true;
        case Next::On: break;
        }
        const std::uint32_t next = offset + i->length;
        if (next >= region.end()) {
            return refuse(offset, "the way runs out of the block");
        }
        if (node_of_[next] >= 0) {
            return go(offset, next, state_);
        }
        offset = next;
    }
}

std::optional<std::uint32_t> Verifier::after_fault(std::uint32_t offset) const
{
    if (block_->late && block_->late->at == offset) {
        return static_cast<std::uint32_t>(block_->code.size());
    }
    if (block_->faults.empty()) {
        return std::nullopt;
    }
    const auto fault = std::ranges::lower_bound(block_->faults, offset, {}, &FaultView::at);
    return fault != block_->faults.end() && fault->at == offset ? std::optional{fault->cold} : std::nullopt;
}

const LinkView* Verifier::link_at(std::uint32_t displacement)
{
    for (std::size_t n = 0; n < block_->links.size(); ++n) {
        if (block_->links[n].displacement == displacement) {
            linked_[n] = true;
            return &block_->links[n];
        }
    }
    return nullptr;
}

Verifier::Next Verifier::step(std::uint32_t offset, const HostInstruction& i)
{
    switch (i.mnemonic) {
    case ZYDIS_MNEMONIC_JMP: return jump(offset, i);
    case ZYDIS_MNEMONIC_JB:
    case ZYDIS_MNEMONIC_JBE:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JL:
    case ZYDIS_MNEMONIC_JLE:
    case ZYDIS_MNEMONIC_JNB:
    case ZYDIS_MNEMONIC_JNBE:
    case ZYDIS_MNEMONIC_JNL:
    case ZYDIS_MNEMONIC_JNLE:
    case ZYDIS_MNEMONIC_JNO:
    case ZYDIS_MNEMONIC_JNP:
    case ZYDIS_MNEMONIC_JNS:
    case ZYDIS_MNEMONIC_JNZ:
    case ZYDIS_MNEMONIC_JO:
    case ZYDIS_MNEMONIC_JP:
    case ZYDIS_MNEMONIC_JRCXZ:
    case ZYDIS_MNEMONIC_JS:
    case ZYDIS_MNEMONIC_JZ: return conditional(offset, i);
    default: break;
    }
    const auto fault = after_fault(offset) ? Evaluator::Fault::LeadsToCode : Evaluator::Fault::LeadsNowhere;
    if (evaluator_.run(i, state_, offset, fault)) {
        return Next::On;
    }
    static_cast<void>(refuse(offset, evaluator_.failure()));
    return Next::Failed;
}

Verifier::Next Verifier::conditional(std::uint32_t offset, const HostInstruction& i)
{
    const auto target = static_cast<std::int64_t>(offset) + i.length + i.immediate;
    if (!region_of(offset).has(target)) {
        static_cast<void>(refuse(offset, "a conditional jump leads out of the block"));
        return Next::Failed;
    }
    State taken = state_;
    const bool may_be_taken = Evaluator::refine(taken, i.mnemonic, Evaluator::Branch::Taken);
    const bool may_go_on = Evaluator::refine(state_, i.mnemonic, Evaluator::Branch::NotTaken);
    const bool link = i.relative_at != 0 && link_at(offset + i.relative_at) != nullptr;
    if (link) {
        std::swap(taken, state_);
        const bool fit = may_leave_by("a link can be taken without a look at the signals");
        std::swap(taken, state_);
        if (!fit) {
            violation_.offset = offset;
            return Next::Failed;
        }
    }
    // What a link leads to while it is not linked has to be right even where nothing goes there.
    if ((may_be_taken || link) && !go(offset, static_cast<std::uint32_t>(target), taken)) {
        return Next::Failed;
    }
    return may_go_on ? Next::On : Next::End;
}

Verifier::Next Verifier::jump(std::uint32_t offset, const HostInstruction& i)
{
    violation_.offset = offset;
    if (i.has_memory) {
        if (!evaluator_.jump_through(i, state_)) {
            static_cast<void>(refuse(offset, evaluator_.failure()));
            return Next::Failed;
        }
        return may_leave_by("a jump table can be used without a look at the signals") ? Next::End : Next::Failed;
    }
    if (i.to_place != Place::Immediate) {
        static_cast<void>(refuse(offset, "a jump to an address in a register"));
        return Next::Failed;
    }
    const std::int64_t target = static_cast<std::int64_t>(offset) + i.length + i.immediate;
    if (i.relative_at != 0 && link_at(offset + i.relative_at) != nullptr &&
        !may_leave_by("a link can be taken without a look at the signals")) {
        return Next::Failed;
    }
    const Region region = region_of(offset);
    if (region.has(target)) {
        return go(offset, static_cast<std::uint32_t>(target), state_) ? Next::End : Next::Failed;
    }
    return leave_to(region.address + static_cast<std::uint64_t>(target - region.begin), offset) ? Next::End
                                                                                                : Next::Failed;
}

// Checks that late code was come to: otherwise nothing of it has been proven.
bool Verifier::late_in_place()
{
    return !block_->late || bytes_[block_->code.size()] == Byte::First ||
           refuse(block_->late->at, "late code is for no instruction of the block");
}

// Checks that every link is a jump that was met, and leads to the block's own stub while it is not linked.
bool Verifier::links_in_place()
{
    for (std::size_t n = 0; n < block_->links.size(); ++n) {
        const LinkView& link = block_->links[n];
        if (!linked_[n]) { // nothing leads to some code of second bodies, so its links have not been met
            const auto bytes = std::span{bytes_}.subspan(std::min<std::size_t>(link.displacement, bytes_.size()));
            const bool unread = bytes.size() >= 4 && std::ranges::count(bytes.first(4), Byte::Unread) == 4;
            if (!unread) {
                return refuse(link.displacement, "a link is not the target of a jump");
            }
            continue;
        }
        if (link.unlinked >= bytes_.size() || bytes_[link.unlinked] != Byte::First) {
            return refuse(link.displacement, "a link that is taken back would lead to no instruction of the block");
        }
        std::int32_t distance = 0;
        std::memcpy(&distance, block_->code.data() + link.displacement, sizeof distance);
        if (static_cast<std::int64_t>(link.displacement) + 4 + distance != static_cast<std::int64_t>(link.unlinked)) {
            return refuse(link.displacement, "a link leads elsewhere than to its stub");
        }
    }
    for (const FaultView& fault : block_->faults) {
        if (fault.at >= block_->code.size() || bytes_[fault.at] == Byte::Inner) {
            return refuse(fault.at, "a fault is expected in the middle of an instruction");
        }
    }
    return late_in_place();
}

} // namespace windsor::translate::verify
