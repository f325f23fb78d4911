// SPDX-License-Identifier: GPL-2.0-or-later
// This reads the guest code of a block, and finds which flags are needed after each instruction.
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
    static constexpr std::size_t kLongest = 64; // a block has at most so many instructions

    // The instructions that `interpreted` covers are left to the interpreter.
    CodeReader(const Workshop& shop, const Progress& progress, const Switches& interpreted)
        : shop_{shop}, progress_{progress}, interpreted_{interpreted}
    {
        instructions_.reserve(kLongest);
    }

    // Reads at most `limit` instructions from `bytes`, which must stay valid until the block has been written. Sets the
    // block's lengths and its copy of the bytes. Returns false if there is not one whole instruction.
    [[nodiscard]] bool read(Block& block, std::span<const std::uint8_t> bytes, std::size_t limit);
    // Sets for each instruction which flags are needed after it. Groups must have been found before.
    void find_liveness();
    // Returns where the flags should best be when the block is entered.
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
