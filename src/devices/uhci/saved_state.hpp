// SPDX-License-Identifier: GPL-2.0-or-later
// The USB host controller in a saved state.
#pragma once

#include "devices/uhci/uhci.hpp"
#include "pci/saved_state.hpp"
#include "state/archive.hpp"

namespace windsor::devices::uhci {

template <typename Archive> void describe(Archive& archive, Uhci::Registers& registers)
{
    archive.field("command", registers.command);
    archive.field("status", registers.status);
    archive.field("interrupt_enable", registers.interrupt_enable);
    archive.field("frame", registers.frame);
    archive.field("frame_list", registers.frame_list);
    archive.field("start_of_frame", registers.start_of_frame);
    archive.field("ports", registers.ports);
    archive.field("causes", registers.causes);
    archive.field("frame_start", registers.frame_start);
}

template <typename Archive> void describe(Archive& archive, Uhci::State& state)
{
    archive.field("pci", state.pci);
    archive.field("registers", state.registers);
}

} // namespace windsor::devices::uhci
