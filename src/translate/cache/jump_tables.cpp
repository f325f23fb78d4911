// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/cache/jump_tables.hpp"

#include "memory/guest_memory.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

std::uint64_t number_of(x86::Linear linear)
{
    return emulate::page_number(linear, emulate::PageSize::Small);
}

} // namespace

JumpTables::JumpTables(Frame& frame, std::size_t contexts) : frame_{frame}, most_{std::min(contexts, kContexts)}
{
    for (auto& table : frame_.jumps) {
        for (std::size_t index = 0; index < table.size(); ++index) {
            table[index].rip = no_rip(index);
        }
    }
}

std::optional<std::size_t> JumpTables::add_slot(std::uint32_t context)
{
    if (count_ == most_) {
        return std::nullopt;
    }
    slots_[context] = static_cast<std::uint8_t>(++count_);
    if (known_.size() < count_) {
        known_.emplace_back();
    }
    return count_ - 1;
}

void JumpTables::note_place(const Known& known)
{
    const x86::Linear first{known.block->rip};
    pages_.note(number_of(first));
    large_.note(first, known.sizes[0]);
    if (known.block->second_page != nullptr) {
        pages_.note(number_of(first + memory::kPageSize));
        large_.note(first + memory::kPageSize, known.sizes[1]);
    }
}

void JumpTables::remember(std::size_t slot, Block& block, Pages pages, const Sizes& sizes)
{
    const std::size_t index = jump_index(block.rip);
    Known& known = known_[slot][index];
    known.block = &block;
    known.pages = pages;
    known.sizes = sizes;
    const auto which = static_cast<std::size_t>(pages);
    if (!std::exchange(known.listed[which], true)) {
        journals_[which].emplace_back(static_cast<std::uint16_t>(slot), static_cast<std::uint16_t>(index));
    }
    note_place(known);
    frame_.jumps[slot][index] = {.rip = block.rip, .code = block.from_memory};
}

void JumpTables::forget(std::size_t slot, std::uint64_t rip)
{
    const std::size_t index = jump_index(rip);
    if (JumpEntry& entry = frame_.jumps[slot][index]; entry.rip == rip) {
        entry.rip = no_rip(index);
    }
}

void JumpTables::flush_journal(Pages pages)
{
    const auto which = static_cast<std::size_t>(pages);
    Journal& journal = journals_[which];
    for (const auto& [slot, index] : journal) {
        Known& known = known_[slot][index];
        known.listed[which] = false;
        if (known.pages == pages) {
            frame_.jumps[slot][index].rip = no_rip(index);
        }
    }
    journal.clear();
}

void JumpTables::flush(emulate::Flush what)
{
    flush_journal(Pages::NonGlobal);
    if (what == emulate::Flush::All) {
        flush_journal(Pages::Global);
        pages_.clear();
        large_.clear();
    }
}

// Tells whether INVLPG of an address makes an entry invalid.
bool JumpTables::depends(const Known& known, x86::Linear linear)
{
    const x86::Linear first{known.block->rip};
    return emulate::invalidates(linear, first, known.sizes[0]) ||
           (known.block->second_page != nullptr &&
            emulate::invalidates(linear, first + memory::kPageSize, known.sizes[1]));
}

void JumpTables::invalidate(x86::Linear linear)
{
    if (!pages_.may_contain(number_of(linear)) && !large_.may_contain(linear)) {
        return;
    }
    pages_.clear();
    for (const Journal& journal : journals_) {
        for (const auto& [slot, index] : journal) {
            JumpEntry& entry = frame_.jumps[slot][index];
            const Known& known = known_[slot][index];
            if (entry.rip == no_rip(index)) {
                continue;
            }
            if (depends(known, linear)) {
                entry.rip = no_rip(index);
            } else {
                note_place(known);
            }
        }
    }
}

void JumpTables::clear()
{
    flush(emulate::Flush::All);
    slots_.fill(0);
    count_ = 0;
}

} // namespace windsor::translate
