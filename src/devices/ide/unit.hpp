// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/media.hpp"
#include "chipset/slot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace windsor::devices::ide {

struct AttachedDrive {
    unsigned position{0}; // 0 to 3: master and slave of the first channel, then of the second
    std::string name;     // such as "hda"; in reports and in saved states
    bool cdrom{false};
    // What it tells of itself, in printable characters; empty: the drive's own.
    std::string serial{};   // at most 20
    std::string model{};    // at most 40
    std::string firmware{}; // at most 8
    std::shared_ptr<backend::BlockMedia> media{}; // null: a CD-ROM drive without a disc
};

// A PCI function; for each channel a range of kCommandPortCount ports, then for each channel one port; and an interrupt
// for each channel.
chipset::Make unit(std::vector<AttachedDrive> drives);

} // namespace windsor::devices::ide
