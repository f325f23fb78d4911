// SPDX-License-Identifier: GPL-2.0-or-later
// How code comes into a block and goes from it to others.
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

    // The block's entries: one with the flags in the host's register, one with them in the frame. Both look for
    // signals. Single instructions are entered from C++ alone: what else leads here leaves, as if there were a signal,
    // with all flags saved.
    void write_entries();

    // A jump to a guest address, from here. `live`: the flags that are wanted there.
    void edge(std::uint64_t target, Flags live);
    // The same as a jump that has been written, whose displacement is at `displacement`.
    void edge_at(std::uint8_t* displacement, std::uint64_t target, Flags live);
    // The distance of the jump table's entry for the address in kTemp0 comes into kTemp1; what the table does not know
    // goes to the side exit.
    void find_jump(std::uint32_t exit);
    // The code of that entry.
    Mem found_code() const;

    // Looks for signals, and leaves before the instruction at `rip` if there are some. `rip` may wait for STI.
    void look_for_signals(std::uint64_t rip);
    // Compares; not equal: a signal is to be looked at. Takes kTemp1.
    void test_signals();

private:
    Emitter& a_;
    FlagState& flags_;
    ColdCode& cold_;
    const Progress& progress_;
};

} // namespace windsor::translate
