// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/media.hpp"
#include "chipset/slot.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace windsor::devices::floppy {

struct AttachedFloppy {
    bool present{false};
    std::string name{};                           // "fda" or "fdb"
    std::shared_ptr<backend::BlockMedia> media{}; // null: an empty drive
};

// Fails with a sentence if no floppy disk has that size.
base::Status check_disk_size(std::uint64_t bytes);

// What the drive is in the CMOS register 10h: 0 for none, 2 for one of 1.2 MB, 4 for 1.44 MB, 5 for 2.88 MB. It is the
// one that its disk needs, and one of 1.44 MB if it is empty.
std::uint8_t cmos_type(const AttachedFloppy& floppy);

// kPortCount ports and the digital input register; an interrupt. It uses the first DMA controller of the machine, whose
// slot comes before, and its channel kDmaChannel. Fails if a medium has the size of no floppy disk.
chipset::Make unit(std::array<AttachedFloppy, 2> drives);

} // namespace windsor::devices::floppy
