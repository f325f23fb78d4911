// SPDX-License-Identifier: GPL-2.0-or-later
// This makes the host code of one block from its guest code. docs/how-translation-works.md tells the whole story.
#pragma once

#include "translate/emit/parts.hpp"
#include "translate/kinds.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::translate {

class Translation {
public:
    // A block has at most kLongest instructions, and its code at most kMostBytes.
    static constexpr std::size_t kLongest = CodeReader::kLongest;
    static constexpr std::size_t kMostBytes = (kLongest + 1) * 640;
    static constexpr std::size_t kLateWayBytes = 256; // write_late_way() writes at most so many bytes

    // One object writes block after block, so that its memory is used again. Instructions that `interpreted` covers are
    // left to the interpreter.
    Translation(const Workshop& workshop, const Switches& interpreted) : parts_{workshop, interpreted} {}

    // While this is set, blocks have one instruction, after which they leave to C++ with all flags in memory, so that
    // every instruction can be traced.
    void set_single(bool single) { parts_.progress.single = single; }

    // Reads at most `limit` instructions from `bytes`, which must stay valid until write(). They are the rest of a page
    // from block.rip on, or the bytes of one instruction that crosses into the next page. `slot` is the number of the
    // context's jump table. Returns false if there is not one whole instruction.
    [[nodiscard]] bool read(Block& block, const Context& context, std::size_t slot, std::span<const std::uint8_t> bytes,
                            std::size_t limit);
    // Writes the code of what was read, and returns where it ends. A cautious block uses no window, and has a second
    // body without groups for when the bytes of a group do not lie in one page. It must not have more than half of
    // kLongest instructions.
    std::uint8_t* write(const Assembler& assembler, Care care);

    // Finds, for a block that has been written, which guest instruction the host instruction at an address stands for.
    // Returns false if that cannot be told, or not all registers are as the guest's instruction finds them. The block
    // is written once more for this, into `room`, which has kMostBytes, and `again`. It needs a Translation whose
    // workshop may take side exits and links of that. `slot` is that of read().
    [[nodiscard]] bool tell(Block& again, const Block& block, std::size_t slot, std::span<std::uint8_t> room,
                            const std::uint8_t* at);
    // These return the instruction's distance from the block's first byte and its context, which tell() has found.
    std::uint16_t told_offset() const;
    std::uint32_t told_context() const { return told().context.key(); }
    // Writes code that goes from that host instruction to a side exit. Returns where it ends.
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
