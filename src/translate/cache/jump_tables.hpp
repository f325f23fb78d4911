// SPDX-License-Identifier: GPL-2.0-or-later
// This class fills the jump tables in the Frame, one for each context, and knows the blocks behind their entries.
#pragma once

#include "emulate/memory/tlb.hpp"
#include "translate/cache/block.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/frame.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace windsor::translate {

class JumpTables {
public:
    // There are tables for `contexts` contexts, but not for more than kContexts.
    JumpTables(Frame& frame, std::size_t contexts);

    // Returns the number of a context's table, a new one if need be; nothing if it would be one too many.
    std::optional<std::size_t> slot_of(std::uint32_t context)
    {
        const std::uint8_t slot = slots_[context];
        return slot != 0 ? std::optional<std::size_t>{slot - 1U} : add_slot(context);
    }

    // Returns the number of a context's table without making one; -1 if it has none.
    int known_slot(std::uint32_t context) const { return static_cast<int>(slots_[context]) - 1; }

    Block* find(std::size_t slot, std::uint64_t rip) const
    {
        const std::size_t index = jump_index(rip);
        return frame_.jumps[slot][index].rip == rip ? known_[slot][index].block : nullptr;
    }
    // These are the sizes of the guest's pages that a block's first and second page are part of.
    using Sizes = std::array<emulate::PageSize, 2>;
    enum class Pages : std::uint8_t { NonGlobal, Global };
    // Enters a block. It counts as global only if all of its pages are.
    void remember(std::size_t slot, Block& block, Pages pages, const Sizes& sizes);
    void forget(std::size_t slot, std::uint64_t rip);
    // These two do what emulate::Accelerator says of TLB flushes and INVLPG.
    void flush(emulate::Flush what);
    void invalidate(x86::Linear linear);
    // Forgets all entries and all contexts.
    void clear();

private:
    struct Known {
        Block* block{nullptr};
        Pages pages{Pages::NonGlobal};
        Sizes sizes{};
        std::array<bool, 2> listed{}; // which journals the entry is in, by Pages
    };
    using Journal = std::vector<std::pair<std::uint16_t, std::uint16_t>>; // the slot and the index of each entry

    std::optional<std::size_t> add_slot(std::uint32_t context);
    static bool depends(const Known& known, x86::Linear linear);
    void flush_journal(Pages pages);
    void note_place(const Known& known);

    Frame& frame_;
    std::size_t most_;
    std::size_t count_{0};                             // how many contexts have a table
    std::array<std::uint8_t, Context::kKeys> slots_{}; // the number of each context's table plus one; 0: it has none
    std::vector<std::array<Known, kJumpEntries>> known_;
    std::array<Journal, 2> journals_; // by Pages
    emulate::PageFilter pages_;       // the pages of 4 KiB that entries may lie in
    emulate::LargePages large_;
};

} // namespace windsor::translate
