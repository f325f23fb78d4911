// SPDX-License-Identifier: GPL-2.0-or-later
// The PC that Windows has known since 2000, as Xen HVM and QEMU present it: i440FX, PIIX3 and what belongs to them.
#pragma once

#include "machine/board.hpp"
#include "machine/needs.hpp"
#include "machine/spec.hpp"

#include <memory>
#include <vector>

namespace windsor::machine {

struct Pc {
    std::unique_ptr<Board> board;
    std::vector<NeededDrive> drives; // and the sizes of their media
};

// Opens firmware and media, and puts the board together as the specification asks. Media complete their requests by the
// executor.
base::Result<Pc> make_pc(const MachineSpec& spec, const Board::Parts& parts, const Executor& executor)
    WINDSOR_REQUIRES(bus::kMachineLock);

} // namespace windsor::machine
