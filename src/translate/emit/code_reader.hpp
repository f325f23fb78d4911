// SPDX-License-Identifier: GPL-2.0-or-later
// The guest code of a block: its instructions, and which flags are wanted behind each.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/decode/switches.hpp"
#include "translate/emit/progress.hpp"
#include "translate/emit/workshop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::translate {

class CodeReader {
public:
    static constexpr std::size_t kLongest = 64; // instructions

    // `interpreted` is what is left to the interpreter.
    CodeReader(const Workshop& shop, const Progress& progress, const Switches& interpreted)
        : shop_{shop}, progress_{progress}, interpreted_{interpreted}
    {
        instructions_.reserve(kLongest);
    }

    // Reads at most `limit` instructions from `bytes`, which stays valid until the block has been written. False: it is
    // not one whole instruction. Sets the block's lengths and its copy of the bytes.
    [[nodiscard]] bool read(Block& block, std::span<const std::uint8_t> bytes, std::size_t limit);
    // Says of each instruction which flags are read behind it. Groups must have been found.
    void find_liveness();
    // Where the block is best entered with its flags.
    FlagPlace entry_place() const;

    std::span<Instruction> instructions() { return instructions_; }
    std::span<const Instruction> instructions() const { return instructions_; }

private:
    Flags live_at(std::uint64_t target);
    Flags live_behind_last();

    const Workshop& shop_;
    const Progress& progress_;
    Switches interpreted_;
    std::vector<Instruction> instructions_;
};

} // namespace windsor::translate
