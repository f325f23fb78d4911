// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a disk has a Windows on it, by the boot sector of the partition that it starts from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace windsor::domain {

constexpr std::size_t kSectorSize = 512;

// From the disk's first sector: where the active partition of a type that Windows uses begins, in bytes.
std::optional<std::uint64_t> windows_partition(std::span<const std::uint8_t, kSectorSize> master_boot_record);

// From that partition's first sector: the serial number of an NTFS or FAT volume that Windows or DOS formatted, as DIR
// shows it: eight digits, with a hyphen in the middle.
std::optional<std::string> volume_serial(std::span<const std::uint8_t, kSectorSize> boot_sector);

// Of a raw image or block device. What cannot be read has none.
std::optional<std::string> windows_volume(const std::string& image);

} // namespace windsor::domain
