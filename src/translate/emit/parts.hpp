// SPDX-License-Identifier: GPL-2.0-or-later
// These are the objects by which a block's code is written, and which know what holds at each place in it.
#pragma once

#include "translate/emit/access_groups.hpp"
#include "translate/emit/attribution.hpp"
#include "translate/emit/code_reader.hpp"
#include "translate/emit/cold_code.hpp"
#include "translate/emit/detours.hpp"
#include "translate/emit/edges.hpp"
#include "translate/emit/emitter.hpp"
#include "translate/emit/flag_state.hpp"
#include "translate/emit/memory_path.hpp"
#include "translate/emit/progress.hpp"
#include "translate/emit/units.hpp"
#include "translate/emit/workshop.hpp"

namespace windsor::translate {

struct Parts {
    Parts(const Workshop& workshop, const Switches& interpreted) : shop{workshop}, code{shop, progress, interpreted} {}
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    Width word() const { return progress.word(); }
    // Tells whether the block ends with the instruction, so that nothing of it is known behind.
    bool is_last(const Instruction& i) const { return &i == &code.instructions().back(); }

    Workshop shop;
    Progress progress;
    CodeReader code;
    Emitter a{shop.frame, shop.cpu};
    FlagState flags{a, progress};
    Detours detours;
    ColdCode cold{shop, a, flags, progress, detours};
    Edges edges{a, flags, cold, progress};
    AccessGroups groups{progress};
    Units units{a, flags, cold, groups};
    Attribution attribution{a, flags, progress};
    MemoryPath memory{shop, a, flags, cold, groups, detours, attribution, progress};
};

} // namespace windsor::translate
