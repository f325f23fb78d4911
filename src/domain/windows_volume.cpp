// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/windows_volume.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace windsor::domain {

namespace {

using Sector = std::array<std::uint8_t, kSectorSize>;

// The table of partitions of a master boot record.
constexpr std::size_t kPartitions = 446;
constexpr std::size_t kPartitionSize = 16;
constexpr std::size_t kMostPartitions = 4;
constexpr std::uint8_t kActive = 0x80;
constexpr std::size_t kTypeOffset = 4;
constexpr std::size_t kStartOffset = 8;
// NTFS; FAT32 by CHS and LBA; FAT16 by CHS and LBA.
constexpr std::array<std::uint8_t, 5> kWindowsTypes{0x07, 0x0b, 0x0c, 0x06, 0x0e};

// A volume's boot sector.
constexpr std::size_t kMakerOffset = 3;
constexpr std::size_t kNtfsSerial = 0x48;
constexpr std::size_t kFat16Serial = 0x27;
constexpr std::size_t kFat32Serial = 0x43;
constexpr std::size_t kFat16SectorsOffset = 22; // sectors of a FAT: zero where FAT32 has them elsewhere

std::uint32_t word_at(std::span<const std::uint8_t, kSectorSize> sector, std::size_t at)
{
    return sector[at] | std::uint32_t{sector[at + 1]} << 8 | std::uint32_t{sector[at + 2]} << 16 |
           std::uint32_t{sector[at + 3]} << 24;
}

bool is_boot_sector(std::span<const std::uint8_t, kSectorSize> sector)
{
    return sector[510] == 0x55 && sector[511] == 0xaa;
}

bool read_sector(int file, std::uint64_t at, Sector& sector)
{
    return ::pread(file, sector.data(), sector.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(sector.size());
}

} // namespace

std::optional<std::uint64_t> windows_partition(std::span<const std::uint8_t, kSectorSize> master_boot_record)
{
    if (!is_boot_sector(master_boot_record)) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < kMostPartitions; ++i) {
        const std::size_t entry = kPartitions + i * kPartitionSize;
        const std::uint8_t type = master_boot_record[entry + kTypeOffset];
        if (master_boot_record[entry] == kActive && std::ranges::find(kWindowsTypes, type) != kWindowsTypes.end()) {
            return std::uint64_t{word_at(master_boot_record, entry + kStartOffset)} * kSectorSize;
        }
    }
    return std::nullopt;
}

std::optional<std::string> volume_serial(std::span<const std::uint8_t, kSectorSize> boot_sector)
{
    const std::string_view maker{reinterpret_cast<const char*>(boot_sector.data()) + kMakerOffset, 8};
    std::size_t place = 0;
    if (!is_boot_sector(boot_sector)) {
        return std::nullopt;
    }
    if (maker == "NTFS    ") {
        place = kNtfsSerial;
    } else if (maker.starts_with("MSDOS") || maker.starts_with("MSWIN")) {
        const bool fat16 = boot_sector[kFat16SectorsOffset] != 0 || boot_sector[kFat16SectorsOffset + 1] != 0;
        place = fat16 ? kFat16Serial : kFat32Serial;
    } else {
        return std::nullopt;
    }
    const std::uint32_t serial = word_at(boot_sector, place);
    return fmt::format("{:04X}-{:04X}", serial >> 16, serial & 0xffff);
}

std::optional<std::string> windows_volume(const std::string& image)
{
    // Only to open a terminal, a tape or a watchdog does things: the kind is looked at first.
    struct stat kind{};
    if (::stat(image.c_str(), &kind) != 0 || (!S_ISREG(kind.st_mode) && !S_ISBLK(kind.st_mode))) {
        return std::nullopt;
    }
    const base::Fd file{::open(image.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    Sector sector{};
    if (!file || !read_sector(file.get(), 0, sector)) {
        return std::nullopt;
    }
    const auto start = windows_partition(sector);
    if (!start || !read_sector(file.get(), *start, sector)) {
        return std::nullopt;
    }
    return volume_serial(sector);
}

} // namespace windsor::domain
