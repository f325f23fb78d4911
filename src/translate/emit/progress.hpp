// SPDX-License-Identifier: GPL-2.0-or-later
// This says how far the writing of a block has come, and what the code there may take for granted.
#pragma once

#include "translate/cache/block.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/assembler.hpp"

#include <cstddef>
#include <cstdint>

namespace windsor::translate {

// The first body of a block uses access groups. A cautious block has a second one, in which each access has a lookup
// of its own.
enum class Body : std::uint8_t { First, Second };

struct Progress {
    Block* block{nullptr};
    const Instruction* current{nullptr};
    Context context;           // STAC and CLAC change it on the way through the block
    std::size_t slot{0};       // the number of the jump table of that context
    bool single{false};        // blocks have one instruction and end up in C++, so that each can be traced
    Care care{Care::Usual};
    bool window{false};        // memory is reached through the window
    bool just_unmasked{false}; // the instruction was STI, and interrupts wait for the end of the next one
    Body body{Body::First};

    // Returns the width of stack accesses, string pointers and branch targets.
    Width word() const { return context.long64() ? Width::Qword : Width::Dword; }
    std::int32_t word_bytes() const { return static_cast<std::int32_t>(word()); }

    // Tells whether a block at `target` lies in the page of this one as a whole. An instruction at a page's end may
    // reach into the next page.
    bool in_same_page(std::uint64_t target) const
    {
        constexpr std::uint64_t kLongestInstruction = 15;
        return ((target ^ block->rip) >> 12) == 0 && (target & 0xfff) + kLongestInstruction <= 4096 &&
               block->second_page == nullptr;
    }
};

} // namespace windsor::translate
