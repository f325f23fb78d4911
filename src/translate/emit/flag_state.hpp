// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's arithmetic flags while a block is written: in the host's register, in the frame, or to be computed again.
#pragma once

#include "translate/cache/block.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"
#include "translate/emit/progress.hpp"

#include <cstdint>

namespace windsor::translate {

// How flags that the host's register has lost can be computed again, while some registers are as the instruction that
// set the flags has left them.
struct FlagRecipe {
    enum class Kind : std::uint8_t {
        None,
        Repeat, // the same instruction once more
        Test, // TEST of its result
        Redo, // the opposite instruction and then the same one
    };
    Kind kind{};
    const Instruction* of{nullptr};
    std::uint32_t registers{0}; // those it takes, a bit each
};

struct KeptFlags {
    FlagPlace place{FlagPlace::Nowhere};
    FlagRecipe recipe{}; // None unless the place is Host or Again
};

class FlagState {
public:
    FlagState(Emitter& emitter, const Progress& progress) : a_{emitter}, progress_{progress} {}

    const KeptFlags& now() const { return now_; }
    FlagPlace place() const { return now_.place; }
    // The code from here on is reached with all flags in the frame.
    void are_in_memory() { now_.place = FlagPlace::Memory; }
    void forget_recipe() { now_.recipe = {}; }

    // --- Code that moves flags. save() and restore() take kTemp1 ---
    void save();
    void restore();
    // Before code that changes the host's flags: those of the guest must be in the frame. Flags that no instruction
    // will read are still seen by the handler of a fault.
    void clobber();
    // The same, but it is enough that the flags can be computed again.
    void lose();
    // Before an instruction runs natively: the flags that it reads, or leaves in part, come into the host's register.
    void bring_for(const Instruction& i);
    // Before an edge within the page, whose target wants the flags `live`.
    void bring_for_edge(Flags live);
    // At the beginning of cold code that was left for with flags kept as `kept` says: puts them into the frame.
    void save_kept(const KeptFlags& kept);

    // --- What an instruction does to them ---
    static bool are_wanted_by(const Instruction& i);
    void written_by(const Instruction& i);
    // Before the instruction: a recipe that it would spoil is followed now, if anybody wants the flags behind it.
    void prepare_for(const Instruction& i);
    // Behind the instruction. `native`: it was not left to the interpreter.
    void note(const Instruction& i, bool native);

private:
    static FlagRecipe recipe_for(const Instruction& i);
    void follow(const FlagRecipe& recipe); // takes no temporaries

    Emitter& a_;
    const Progress& progress_;
    KeptFlags now_;
};

} // namespace windsor::translate
