// SPDX-License-Identifier: GPL-2.0-or-later
// The jump tables in the Frame, one for each context of translation, and what stands behind their entries.
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
    // For at most `contexts` contexts, kContexts or fewer.
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
    // Sizes of the pages that a block's first page is part of, and its second one, if it has one.
    using Sizes = std::array<emulate::PageSize, 2>;
    // Enters a block, whose pages are global or not.
    void remember(std::size_t slot, Block& block, bool global, const Sizes& sizes);
    void forget(std::size_t slot, std::uint64_t rip);
    // As emulate::Accelerator says.
    void flush(emulate::Flush what);
    void invalidate(x86::Linear linear);
    // Forgets all entries and all contexts.
    void clear();

private:
    struct Known {
        Block* block{nullptr};
        bool global{false};
        Sizes sizes{};
        std::array<bool, 2> listed{}; // in the journal of those that are not global, of those that are
    };
    using Journal = std::vector<std::pair<std::uint16_t, std::uint16_t>>; // slot and index

    std::optional<std::size_t> add_slot(std::uint32_t context);
    static bool depends(const Known& known, x86::Linear linear);
    void flush_journal(bool global);
    void note_place(const Known& known);

    Frame& frame_;
    std::size_t most_;
    std::size_t count_{0};                             // of contexts
    std::array<std::uint8_t, Context::kKeys> slots_{}; // by the key of a context, plus one
    std::vector<std::array<Known, kJumpEntries>> known_;
    std::array<Journal, 2> journals_;
    emulate::PageFilter pages_; // of 4 KiB, that entries may be of
    emulate::LargePages large_;
};

} // namespace windsor::translate
