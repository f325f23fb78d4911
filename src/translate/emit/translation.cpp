// SPDX-License-Identifier: GPL-2.0-or-later
// The block as a whole: reading, liveness of flags, entries, edges, cold code.
#include "translate/emit/translation.hpp"

#include "base/copy_once.hpp"
#include "memory/guest_memory.hpp"

#include <algorithm>
#include <utility>

namespace windsor::translate {

namespace {

constexpr unsigned kLookAhead = 6; // instructions

// Whether its handler may see the flags as they were before it. `alone`: there may be no groups.
bool may_fault(const Instruction& i, bool alone)
{
    const auto looked_up = [=](const GroupPlace& place) { return place.number < 0 || place.first || alone; };
    switch (i.kind) {
    case Kind::Plain: return i.memory != nullptr && (looked_up(i.place) || i.memory_bytes() >= 16);
    case Kind::Push:
    case Kind::Pop: return i.memory != nullptr || looked_up(i.stack_place);
    case Kind::Lea:
    case Kind::Nop:
    case Kind::Direction:
    case Kind::Jump:
    case Kind::Conditional:
    case Kind::SwapGs:
    case Kind::ReadSelector:
    case Kind::Access:
    case Kind::CountZero: return false;
    default: return true;
    }
}

} // namespace

bool Translation::read(Block& block, const Context& context, std::size_t slot, std::span<const std::uint8_t> bytes,
                       std::size_t limit)
{
    block_ = &block;
    context_ = context;
    slot_ = slot;
    instructions_.clear();
    limit = single_ ? 1 : std::min(limit, kLongest);
    std::size_t at = 0;
    while (at < bytes.size() && instructions_.size() < limit) {
        Instruction& i = instructions_.emplace_back();
        const auto left = bytes.subspan(at, std::min<std::size_t>(bytes.size() - at, 15));
        const bool refused = !shop_.refused.empty() && shop_.refused.contains(block.host + at);
        const ClassMask interpreted = refused ? ~ClassMask{0} : interpreted_;
        if (!read_instruction(shop_.cpu.decoder(), context_, interpreted, left, block.rip + at, i)) {
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

// Which flags code at a guest address reads before it writes them: all of them if a short look does not tell.
Flags Translation::live_at(std::uint64_t target)
{
    const std::uint64_t page = block_->rip & ~memory::kPageMask;
    if (single_ || !same_page(target)) {
        return kAllFlags;
    }
    const std::uint8_t* start = block_->host - (block_->rip - page);
    Flags live = 0;
    Flags killed = 0;
    std::uint64_t at = target;
    for (unsigned count = 0; count < kLookAhead && (live | killed) != kAllFlags; ++count) {
        const std::size_t left = memory::kPageSize - (at - page);
        std::array<std::uint8_t, 15> copy;
        const auto bytes = std::span{copy}.first(std::min(left, copy.size()));
        base::copy_once(copy.data(), start + (at - page), bytes.size());
        const auto next = left == 0 ? std::nullopt : glance(shop_.cpu.decoder(), context_, bytes);
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
        block_->looked_at.emplace_back(static_cast<std::uint16_t>(target - page),
                                       static_cast<std::uint16_t>(at - target));
    }
    return kAllFlags & ~killed;
}

void Translation::find_liveness()
{
    Flags live = kAllFlags;
    const Instruction& last = instructions_.back();
    switch (last.kind) {
    case Kind::Jump:
    case Kind::Call: live = live_at(last.next() + static_cast<std::uint64_t>(last.operands[0].imm.value.s)); break;
    default:
        if (!last.ends_block) {
            live = live_at(last.next());
        }
    }
    Flags seen = live;
    for (auto i = instructions_.rbegin(); i != instructions_.rend(); ++i) {
        if (i->kind == Kind::Conditional || i->kind == Kind::CountZero) {
            live |= live_at(i->next() + static_cast<std::uint64_t>(i->operands[0].imm.value.s));
            seen |= live;
        }
        i->live_after = live;
        i->seen_after = seen;
        live = i->live_before();
        seen = i->flags.reads | (may_fault(*i, cautious_) ? kAllFlags : seen & ~i->flags.kills);
    }
}

// Whether the first thing that happens to live flags is a use or a clobbering.
FlagPlace Translation::entry_place() const
{
    if (instructions_.front().live_before() == 0) {
        return Place::Nowhere;
    }
    for (const Instruction& i : instructions_) {
        if (may_fault(i, cautious_) || i.unit != Unit::Integer) {
            return Place::Memory;
        }
        if (i.flags.reads != 0 || i.flags.writes != 0) {
            return Place::Host;
        }
    }
    return Place::Host;
}

// Not equal: something is to be looked at.
void Translation::test_signals()
{
    static_assert((kHeeded & 0xff) != 0 && static_cast<std::uint32_t>(vcpu::Signal::Attention) < 0x100);
    const Mem word{.base = kTemp1};
    a_.load(kTemp1, cell(&shop_.frame.signals));
    if (context_.open) {
        a_.test_byte(word, kHeeded & 0xff);
        return;
    }
    a_.load(kTemp1, word, Width::Dword);
    a_.test_memory(cell(&shop_.frame.heeded), kTemp1);
}

// The body may be entered with the flags in memory or in the host's register. Both entries look for interrupts. Single
// instructions are entered from C++ alone: what else leads here leaves, as if there were an interrupt, with all flags
// saved.
void Translation::write_entry()
{
    Cold interrupt{.kind = Cold::Kind::Interrupt, .target = block_->rip};
    block_->from_host = a_.address();
    if (block_->flags != Place::Nowhere || single_) {
        save_flags();
    }
    block_->from_memory = a_.address();
    test_signals();
    interrupt.from[0] = single_ ? a_.jmp() : a_.jcc(Cond::Ne);
    cold_.push_back(interrupt);
    block_->unchecked = a_.address();
    place_ = Place::Memory;
    if (block_->flags == Place::Host) {
        restore_flags();
    }
}

std::uint8_t* Translation::write(Assembler assembler, bool cautious)
{
    a_ = assembler;
    window_ = !cautious && context_.window;
    cautious_ = cautious;
    cold_.clear();
    detours_.clear();
    landings_.clear();
    fixups_.clear();
    wraps_ = false;
    begin_ = a_.position();
    const std::size_t first_site = shop_.sites.size();
    const std::size_t first_link = shop_.links.size();
    find_groups();
    find_liveness();
    block_->flags = entry_place();
    write_entry();
    const Context context = context_;
    const std::size_t slot = slot_;
    write_body();
    if (!detours_.empty()) {
        write_second_body(context, slot);
    }
    write_cold();
    a_.align();
    finish_fixups(first_site, first_link);
    return a_.position();
}

void Translation::write_body()
{
    sse_ensured_ = false;
    avx_ensured_ = false;
    x87_ensured_ = false;
    just_unmasked_ = false;
    held_ = -1;
    recipe_ = {};
    for (Instruction& i : instructions_) {
        const bool after_sti = std::exchange(just_unmasked_, false);
        write_instruction(i);
        if (after_sti && !i.ends_block) {
            look_for_interrupts(i.next());
        }
    }
    const Instruction& last = instructions_.back();
    if (!last.ends_block || interpreted_last_) {
        edge(last.next(), last.live_after);
    }
}

void Translation::write_instruction(Instruction& i)
{
    bool done = true;
    current_ = &i;
    left_ = -1;
    held_ = spares_temporary(i) ? held_ : -1; // others may make something else there first
    keep_flags(i);
    const std::size_t first_site = shop_.sites.size();
    switch (i.kind) {
    case Kind::Interpret: done = false; break;
    case Kind::Plain: done = plain(i); break;
    case Kind::Lea: done = lea(i); break;
    case Kind::Divide: done = divide(i); break;
    case Kind::Nop:
        may_be_refused();
        a_.bytes(shop_.nop);
        break;
    case Kind::Push: done = push(i); break;
    case Kind::Pop: done = pop(i); break;
    case Kind::Leave: leave(i); break;
    case Kind::Load: load_string(i); break;
    case Kind::Store: store_string(i); break;
    case Kind::Move: move_string(i); break;
    case Kind::RepeatMove: repeat_move(i); break;
    case Kind::RepeatStore: repeat_store(i); break;
    case Kind::RepeatScan: repeat_scan(i); break;
    case Kind::BitString: done = bit_string(i); break;
    case Kind::ReadSelector: read_selector(i); break;
    case Kind::PushSelector: push_selector(i); break;
    case Kind::LoadSelector: done = load_selector(i); break;
    case Kind::PopFlags: done = pop_flags(i); break;
    case Kind::Access: done = set_access(i); break;
    case Kind::SwapGs: swap_gs(); break;
    case Kind::MaskInterrupts: mask_interrupts(); break;
    case Kind::UnmaskInterrupts: done = unmask_interrupts(i); break;
    case Kind::PushFlags: push_flags(i); break;
    case Kind::Direction:
        a_.store_byte(cell(&shop_.frame.direction), i.decoded.mnemonic == ZYDIS_MNEMONIC_STD ? 1 : 0);
        break;
    case Kind::Jump: edge(i.next() + static_cast<std::uint64_t>(i.operands[0].imm.value.s), i.live_after); break;
    case Kind::Conditional: conditional(i); break;
    case Kind::CountZero: count_zero(i); break;
    case Kind::Call: call(i); break;
    case Kind::JumpIndirect:
    case Kind::CallIndirect: done = indirect(i); break;
    case Kind::Return: ret(i); break;
    }
    if (!done) {
        interpret(i);
    }
    interpreted_last_ = !done;
    note_flags(i, done);
    hand_on(i, done, first_site);
}

void Translation::interpret(const Instruction& i)
{
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Interpret, i);
    call_stub(site, Fixup::Kind::Site, stubs().help);
    site_resumes(site);
}

std::uint32_t Translation::new_site(Site::Kind kind, const Instruction& i)
{
    Site site;
    site.kind = kind;
    site.x87 = i.unit != Unit::Sse && i.unit != Unit::Integer;
    site.offset = static_cast<std::uint16_t>(i.rip - block_->rip);
    site.steady = i.steady;
    site.context = context_.key();
    site.block = block_;
    shop_.sites.push_back(std::move(site));
    return static_cast<std::uint32_t>(shop_.sites.size() - 1);
}

void Translation::branch_to_site(std::uint8_t* displacement, std::uint32_t site)
{
    if (detouring_) {
        detours_.push_back({.displacement = displacement, .at = current_});
        return;
    }
    if (!cold_.empty() && cold_.back().kind == Cold::Kind::Site && cold_.back().number == site &&
        cold_.back().faults[0] == nullptr && (cold_.back().flags == Place::Again) == (place_ == Place::Again)) {
        auto& from = cold_.back().from;
        if (auto* const room = std::ranges::find(from, nullptr); room != from.end()) {
            *room = displacement;
            return;
        }
    }
    cold_.push_back({.kind = Cold::Kind::Site, .from = {displacement}, .number = site,
                     .flags = place_ == Place::Again ? place_ : Place::Nowhere, .recipe = recipe_});
}

// A jump to a known guest address, from here.
void Translation::edge(std::uint64_t target, Flags live)
{
    target = context_.wrap(target);
    if (same_page(target)) {
        flags_for_edge(live);
        edge_at(a_.jmp(), target, live);
        return;
    }
    clobber_flags();
    std::uint8_t* miss = jump_through_table(target);
    cold_.push_back({.kind = Cold::Kind::FarEdge, .from = {miss}, .target = target});
}

// The same as a displacement that has been written.
void Translation::edge_at(std::uint8_t* displacement, std::uint64_t target, Flags live)
{
    target = context_.wrap(target);
    const Place flags = live == 0 ? Place::Nowhere : place_;
    if (!same_page(target)) {
        cold_.push_back({.kind = Cold::Kind::FarEdge,
                         .from = {displacement},
                         .number = 1,
                         .target = target,
                         .flags = flags,
                         .slot = slot_});
        return;
    }
    shop_.links.push_back({.from = block_, .displacement = displacement, .target = target,
                           .context = context_.key(), .flags = flags});
    const auto number = static_cast<std::uint32_t>(shop_.links.size() - 1);
    cold_.push_back(
        {.kind = Cold::Kind::Link, .from = {displacement}, .number = number, .target = target, .flags = flags});
}

// Which block a guest address of another page leads to may change with every change of mappings: the table is asked.
std::uint8_t* Translation::jump_through_table(std::uint64_t target)
{
    const JumpEntry& entry = jump_entry(target);
    mov_address(kTemp0, target);
    a_.alu(Alu::Cmp, kTemp0, cell(&entry.rip));
    note_last(Fixup::Kind::JumpEntry, target);
    std::uint8_t* miss = a_.jcc(Cond::Ne);
    a_.jmp(cell(&entry.code));
    note_last(Fixup::Kind::JumpEntry, target);
    return miss;
}

void Translation::write_cold()
{
    for (const Cold& cold : cold_) {
        for (std::uint8_t* displacement : cold.from) {
            if (displacement != nullptr) {
                a_.bind(displacement);
            }
        }
        for (const std::uint8_t* at : cold.faults) {
            if (at != nullptr) {
                shop_.faults.add(at, a_.address());
                note(Fixup::Kind::Fault, a_.written(at), static_cast<std::uint64_t>(a_.position() - begin_));
            }
        }
        if (cold.kind == Cold::Kind::Site) {
            save_cold_flags(cold);
            call_stub(cold.number, Fixup::Kind::Site, stubs().help);
            continue;
        }
        if (cold.kind == Cold::Kind::Link) {
            shop_.links[cold.number].unlinked = a_.address();
        }
        save_cold_flags(cold);
        if (cold.kind == Cold::Kind::FarEdge && cold.number != 0) {
            slot_ = cold.slot;
            a_.bind(jump_through_table(cold.target));
        } else {
            mov_address(kTemp0, cold.target);
        }
        if (cold.kind == Cold::Kind::Interrupt) {
            jump_to_stub(stubs().leave);
        } else if (cold.kind == Cold::Kind::Link) {
            call_stub(kEdgeBit | (cold.number + 1), Fixup::Kind::Link, stubs().cross);
        } else {
            a_.mov32(kTemp1, kEdgeBit);
            jump_to_stub(stubs().cross);
        }
    }
}

} // namespace windsor::translate
