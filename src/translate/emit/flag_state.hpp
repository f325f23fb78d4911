// SPDX-License-Identifier: GPL-2.0-or-later
// While a block is written, this knows where the guest's arithmetic flags are: in the host's register, in the frame, or
// nowhere, but to be computed again.
#pragma once

#include "translate/cache/block.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"
#include "translate/emit/progress.hpp"
#include "translate/kinds.hpp"

#include <cstdint>

namespace windsor::translate {

// A recipe says how flags that the host's register has lost can be computed again. It holds while some registers are as
// the instruction that set the flags has left them.
struct FlagRecipe {
    enum class Kind : std::uint8_t {
        None,
        Repeat, // the instruction is run once more
        Test,   // TEST of its result sets the same flags
        Redo,   // the opposite instruction is run, and then the same one again
    };
    Kind kind{};
    const Instruction* of{nullptr};
    std::uint32_t registers{0}; // the guest registers that it takes, a bit each
};

struct KeptFlags {
    FlagPlace place{FlagPlace::Nowhere};
    FlagRecipe recipe{}; // there may be one if the place is Host or Again
};

class FlagState {
public:
    FlagState(Emitter& emitter, const Progress& progress) : a_{emitter}, progress_{progress} {}

    const KeptFlags& now() const { return now_; }
    FlagPlace place() const { return now_.place; }
    // Notes that the code from here on is reached with all flags in the frame.
    void are_in_memory() { now_.place = FlagPlace::Memory; }
    void forget_recipe() { now_.recipe = {}; }

    // --- These write code that moves flags. save() and restore() use kTemp1 ---
    void save();
    void restore();
    // Must be called before code that changes the host's flags. Puts the guest's flags into the frame. That is done
    // even if no instruction will read them, because the handler of a fault may see them.
    void clobber();
    // Does the same, unless the flags can be computed again.
    void lose();
    // Must be called before an instruction that runs natively. Brings the flags that it reads, or leaves in part, into
    // the host's register.
    void bring_for(const Instruction& i);
    // Must be called before an edge within the page, whose target needs the flags `live`.
    void bring_for_edge(Flags live);
    // Must be called at the beginning of cold code. Puts the flags, which are where `kept` says, into the frame.
    void save_kept(const KeptFlags& kept);

    // --- These follow what an instruction does to the flags ---
    static bool are_wanted_by(const Instruction& i);
    void written_by(const Instruction& i);
    // Must be called before an instruction. If it would spoil a recipe whose flags are needed after it, follows the
    // recipe now.
    void prepare_for(const Instruction& i);
    // Must be called after an instruction.
    void note(const Instruction& i, Written written);

private:
    static FlagRecipe recipe_for(const Instruction& i);
    // Computes flags again. That uses no temporaries.
    void follow(const FlagRecipe& recipe);

    Emitter& a_;
    const Progress& progress_;
    KeptFlags now_;
};

} // namespace windsor::translate
