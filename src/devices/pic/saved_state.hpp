// SPDX-License-Identifier: GPL-2.0-or-later
// The pair of 8259s in a saved state.
#pragma once

#include "devices/pic/pic.hpp"

namespace windsor::devices::pic {

template <typename Archive> void describe(Archive& archive, I8259::State& chip)
{
    archive.field("lines", chip.lines);
    archive.field("edges", chip.edges);
    archive.field("level_inputs", chip.level_inputs);
    archive.field("imr", chip.imr);
    archive.field("isr", chip.isr);
    archive.field("vector_base", chip.vector_base);
    archive.field("cascade", chip.cascade);
    archive.field("lowest_priority", chip.lowest_priority);
    archive.choice("expect", chip.expect, I8259::Expect::Icw4);
    archive.field("needs_icw4", chip.needs_icw4);
    archive.field("single", chip.single);
    archive.field("auto_eoi", chip.auto_eoi);
    archive.field("rotate_in_auto_eoi", chip.rotate_in_auto_eoi);
    archive.field("special_fully_nested", chip.special_fully_nested);
    archive.field("special_mask", chip.special_mask);
    archive.field("read_isr", chip.read_isr);
    archive.field("poll", chip.poll);
}

template <typename Archive> void describe(Archive& archive, Pic::State& pic)
{
    archive.field("master", pic.master);
    archive.field("slave", pic.slave);
}

} // namespace windsor::devices::pic
