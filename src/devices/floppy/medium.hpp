// SPDX-License-Identifier: GPL-2.0-or-later
// What kinds of floppy disks there are, which an image shows by its size, and the drives that take them.
#pragma once

#include "base/result.hpp"
#include "devices/floppy/spec.hpp"

#include <cstdint>
#include <string_view>

namespace windsor::devices::floppy {

// By the values of the CMOS register 10h of the PC/AT, where 0 is no drive.
enum class DriveKind : std::uint8_t { Inch5Mb12 = 2, Inch3Mb144 = 4, Inch3Mb288 = 5 };

struct Format {
    std::string_view name;
    unsigned cylinders;
    unsigned heads;
    unsigned sectors; // of a track
    Rate rate;
    DriveKind kind; // the simplest drive that takes it

    constexpr std::uint64_t bytes() const { return std::uint64_t{cylinders} * heads * sectors * kSectorBytes; }
};

// Fails if no floppy disk has that size.
base::Result<const Format*> format_of(std::uint64_t bytes);
// The drive that a disk of that size wants; a 1.44 MB drive for no disk.
base::Result<DriveKind> drive_for(std::uint64_t bytes);
// Whether the drive can turn and read such a disk.
bool takes(DriveKind drive, const Format& format);
std::string_view name_of(DriveKind drive);

} // namespace windsor::devices::floppy
