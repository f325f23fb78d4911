// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/code_reader.hpp"

#include "base/copy_once.hpp"
#include "memory/guest_memory.hpp"
#include "translate/kinds.hpp"

#include <algorithm>
#include <array>

namespace windsor::translate {

namespace {

constexpr unsigned kLookAhead = 6; // at most so many instructions of other code are looked at

// Tells whether the instruction may fault, so that a handler sees the flags before it. In a cautious block each access
// may have a lookup of its own.
bool may_fault(const Instruction& i, Care care)
{
    const auto looked_up = [=](const GroupPlace& place) {
        return place.number < 0 || place.first || care == Care::Cautious;
    };
    switch (row_of(i.kind).faults) {
    case Faults::Never: return false;
    case Faults::AtOperand: return i.memory != nullptr && (looked_up(i.place) || i.memory_bytes() >= 16);
    case Faults::AtStack: return i.memory != nullptr || looked_up(i.stack_place);
    case Faults::Anywhere: break;
    }
    return true;
}

} // namespace

bool CodeReader::read(Block& block, std::span<const std::uint8_t> bytes, std::size_t limit)
{
    instructions_.clear();
    limit = progress_.single ? 1 : std::min(limit, kLongest);
    std::size_t at = 0;
    while (at < bytes.size() && instructions_.size() < limit) {
        Instruction& i = instructions_.emplace_back();
        const auto left = bytes.subspan(at, std::min<std::size_t>(bytes.size() - at, 15));
        const bool refused = !shop_.refused.empty() && shop_.refused.contains(block.host + at);
        const Switches interpreted = refused ? Switches::all() : interpreted_;
        if (!read_instruction(shop_.cpu.decoder(), progress_.context, interpreted, left, block.rip + at, i)) {
            instructions_.pop_back();
            break;
        }
        at += i.decoded.length;
        if (i.ends_block) {
            break;
        }
    }
    const std::size_t in_page = memory::kPageSize - (block.rip & memory::kPageMask);
    block.length = static_cast<std::uint16_t>(std::min(at, in_page));
    block.second_length = static_cast<std::uint16_t>(at - block.length);
    block.bytes.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    return !instructions_.empty();
}

// Returns which flags code at a guest address needs. A flag that none of its first instructions writes counts as
// needed. The block depends on the code that has been looked at.
Flags CodeReader::live_at(std::uint64_t target)
{
    Block& block = *progress_.block;
    const std::uint64_t page = block.rip & ~memory::kPageMask;
    if (progress_.single || !progress_.in_same_page(target)) {
        return kAllFlags;
    }
    const std::uint8_t* start = block.host - (block.rip - page);
    Flags live = 0;
    Flags killed = 0;
    std::uint64_t at = target;
    for (unsigned count = 0; count < kLookAhead && (live | killed) != kAllFlags; ++count) {
        const std::size_t left = memory::kPageSize - (at - page);
        std::array<std::uint8_t, 15> copy;
        const auto bytes = std::span{copy}.first(std::min(left, copy.size()));
        base::copy_once(copy.data(), start + (at - page), bytes.size());
        const auto next = left == 0 ? std::nullopt : glance(shop_.cpu.decoder(), progress_.context, bytes);
        if (!next) {
            break;
        }
        live |= next->flags.reads & ~killed;
        killed |= next->flags.kills & ~live;
        at += next->length;
        if ((at & memory::kPageMask) == 0) {
            break;
        }
    }
    if (at != target && killed != 0) {
        block.looked_at.emplace_back(static_cast<std::uint16_t>(target - page),
                                     static_cast<std::uint16_t>(at - target));
    }
    return kAllFlags & ~killed;
}

Flags CodeReader::live_behind_last()
{
    const Instruction& last = instructions_.back();
    if (last.kind == Kind::Jump || last.kind == Kind::Call) {
        return live_at(last.direct_target());
    }
    return last.ends_block ? kAllFlags : live_at(last.next());
}

void CodeReader::find_liveness()
{
    Flags live = live_behind_last();
    Flags seen = live;
    for (auto i = instructions_.rbegin(); i != instructions_.rend(); ++i) {
        if (i->kind == Kind::Conditional || i->kind == Kind::CountZero) {
            live |= live_at(i->direct_target());
            seen |= live;
        }
        i->live_after = live;
        i->seen_after = seen;
        live = i->live_before();
        seen = i->flags.reads | (may_fault(*i, progress_.care) ? kAllFlags : seen & ~i->flags.kills);
    }
}

// The flags should be in the host's register if an instruction uses them before any code must have them in memory.
FlagPlace CodeReader::entry_place() const
{
    if (instructions_.front().live_before() == 0) {
        return FlagPlace::Nowhere;
    }
    for (const Instruction& i : instructions_) {
        if (may_fault(i, progress_.care) || i.unit != Unit::Integer) {
            return FlagPlace::Memory;
        }
        if (i.flags.reads != 0 || i.flags.writes != 0) {
            return FlagPlace::Host;
        }
    }
    return FlagPlace::Host;
}

} // namespace windsor::translate
