// SPDX-License-Identifier: GPL-2.0-or-later
// One block on its way from guest code to host code. docs/how-translation-works.md tells the whole story.
#pragma once

#include "translate/emit/parts.hpp"
#include "translate/kinds.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::translate {

class Translation {
public:
    // Longest block, in instructions, and what its code may take at most, in bytes.
    static constexpr std::size_t kLongest = CodeReader::kLongest;
    static constexpr std::size_t kMostBytes = (kLongest + 1) * 640;
    static constexpr std::size_t kLateWayBytes = 256; // of write_late_way(), at most

    // Lives on from block to block: its memory is used again. `interpreted` is left to the interpreter.
    Translation(const Workshop& workshop, const Switches& interpreted) : parts_{workshop, interpreted} {}

    // Blocks of one instruction that end up in C++ behind it, with all flags in memory: every instruction can be
    // traced.
    void set_single(bool single) { parts_.progress.single = single; }

    // Reads instructions from `bytes` (the rest of a page, at guest address block.rip, or those of one instruction
    // that crosses), at most `limit`. False: not one whole instruction. `bytes` stays valid until write(). `slot` is
    // the number of the context's jump table.
    [[nodiscard]] bool read(Block& block, const Context& context, std::size_t slot, std::span<const std::uint8_t> bytes,
                            std::size_t limit);
    // Writes the code of what was read; gives its end. A cautious block uses no window, and has a second body without
    // groups for when the bytes of a group do not lie in one page: no more than half of kLongest instructions.
    std::uint8_t* write(const Assembler& assembler, bool cautious);

    // Of a block that has been written: whether it can be told which guest instruction the host instruction at an
    // address stands for, with all registers as that one finds them. It is written once more for that, into `room`
    // (kMostBytes) and `again`, by a Translation whose workshop takes what comes of it. `slot` as in read().
    [[nodiscard]] bool tell(Block& again, const Block& block, std::size_t slot, std::span<std::uint8_t> room,
                            const std::uint8_t* at);
    // What was told: the instruction's distance from the block's first byte, and its context.
    std::uint16_t told_offset() const;
    std::uint32_t told_context() const { return told().context.key(); }
    // Writes the way from there to a side exit. Gives its end.
    std::uint8_t* write_late_way(const Assembler& assembler, std::uint32_t exit);

private:
    const Attribution::Answer& told() const { return *parts_.attribution.answer(); }
    void write_body(Body body);
    Written write_instruction(Instruction& i);
    void write_for_interpreter(const Instruction& i);
    void finish(std::size_t first_exit, std::size_t first_link);
    void blank_varying(std::span<std::uint8_t> code) const;

    Parts parts_;
};

} // namespace windsor::translate
