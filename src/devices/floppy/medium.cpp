// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/medium.hpp"

#include <algorithm>
#include <array>

namespace windsor::devices::floppy {

namespace {

// A 5.25-inch drive of 1.2 MB turns at 360 rpm, so that the disks of slower drives are read at 300 kbit/s.
constexpr std::array<Format, 11> kFormats{{
    {"160 KB", 40, 1, 8, Rate::Kbps300, DriveKind::Inch5Mb12},
    {"180 KB", 40, 1, 9, Rate::Kbps300, DriveKind::Inch5Mb12},
    {"320 KB", 40, 2, 8, Rate::Kbps300, DriveKind::Inch5Mb12},
    {"360 KB", 40, 2, 9, Rate::Kbps300, DriveKind::Inch5Mb12},
    {"640 KB", 80, 2, 8, Rate::Kbps250, DriveKind::Inch3Mb144},
    {"720 KB", 80, 2, 9, Rate::Kbps250, DriveKind::Inch3Mb144},
    {"1.2 MB", 80, 2, 15, Rate::Kbps500, DriveKind::Inch5Mb12},
    {"1.44 MB", 80, 2, 18, Rate::Kbps500, DriveKind::Inch3Mb144},
    {"1.68 MB", 80, 2, 21, Rate::Kbps500, DriveKind::Inch3Mb144},
    {"1.72 MB", 82, 2, 21, Rate::Kbps500, DriveKind::Inch3Mb144},
    {"2.88 MB", 80, 2, 36, Rate::Mbps1, DriveKind::Inch3Mb288},
}};

} // namespace

base::Result<const Format*> format_of(std::uint64_t bytes)
{
    const auto* const found = std::ranges::find(kFormats, bytes, &Format::bytes);
    if (found == kFormats.end()) {
        return base::fail(
            "{} bytes is the size of no floppy disk; there are those of 160, 180, 320, 360, 640 and 720 KB, and "
            "of 1.2, 1.44, 1.68, 1.72 and 2.88 MB",
            bytes);
    }
    return found;
}

base::Result<DriveKind> drive_for(std::uint64_t bytes)
{
    if (bytes == 0) {
        return DriveKind::Inch3Mb144;
    }
    return WINDSOR_TRY(format_of(bytes))->kind;
}

bool takes(DriveKind drive, const Format& format)
{
    return drive == format.kind || (drive == DriveKind::Inch3Mb288 && format.kind == DriveKind::Inch3Mb144);
}

std::string_view name_of(DriveKind drive)
{
    switch (drive) {
    case DriveKind::Inch5Mb12: return "1.2 MB";
    case DriveKind::Inch3Mb144: return "1.44 MB";
    case DriveKind::Inch3Mb288: return "2.88 MB";
    }
    return "";
}

} // namespace windsor::devices::floppy
