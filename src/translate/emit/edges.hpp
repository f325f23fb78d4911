// SPDX-License-Identifier: GPL-2.0-or-later
// This writes the code by which a block is entered, and by which it goes on to other blocks.
#pragma once

#include "translate/emit/cold_code.hpp"

#include <cstdint>

namespace windsor::translate {

class Edges {
public:
    Edges(Emitter& emitter, FlagState& flags, ColdCode& cold, const Progress& progress)
        : a_{emitter}, flags_{flags}, cold_{cold}, progress_{progress}
    {
    }

    // Writes the block's entries: one with the flags in the host's register, and one with them in the frame. Both look
    // at the signals. If blocks have single instructions, only C++ may enter them. Both entries then leave with all
    // flags saved, as if there were a signal.
    void write_entries();

    // Writes a jump to a guest address, where the flags `live` are needed.
    void edge(std::uint64_t target, Flags live);
    // Makes a jump that has been written, whose displacement is at `displacement`, lead to a guest address.
    void edge_at(std::uint8_t* displacement, std::uint64_t target, Flags live);
    // Looks for the address in kTemp0 in the jump table. Leaves the distance of its entry in kTemp1, or goes to the
    // side exit if the table does not have the address.
    void find_jump(std::uint32_t exit);
    // Returns the operand that is the code of this entry.
    Mem found_code() const;

    // Writes a look at the signals, which leaves before the instruction at `rip` if there are any.
    void look_for_signals(std::uint64_t rip);
    // Writes a test that leaves `not equal` in the host's flags if there is a signal to be looked at. It uses kTemp1.
    void test_signals();

private:
    Emitter& a_;
    FlagState& flags_;
    ColdCode& cold_;
    const Progress& progress_;
};

} // namespace windsor::translate
