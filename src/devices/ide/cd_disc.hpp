// SPDX-License-Identifier: GPL-2.0-or-later
// What a drive tells of a disc that has one data track: a CD-ROM of mode 1 sectors, or a DVD-ROM.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::devices::ide {

// The parts of a sector that READ CD asks for (MMC-5 6.22).
struct SectorParts {
    bool sync{false};
    bool header{false};
    bool user{true};
    bool check{false}; // EDC, the zeros and both ECC parts

    std::uint32_t bytes() const;
};

// Encodes `data`, whole blocks of 2,048 bytes of which the first is block `lba`, into the parts asked for.
std::vector<std::uint8_t> encode_sectors(std::span<const std::uint8_t> data, std::uint32_t lba, SectorParts parts);

// READ TOC's formats (MMC-5 6.30). None: that field of the command is invalid.
struct TocRequest {
    std::uint8_t format; // 0 table of contents, 1 sessions, 2 raw
    bool msf;            // addresses as minute, second and frame
    std::uint8_t track;  // first one to report
    std::uint32_t blocks; // on the disc
};
std::optional<std::vector<std::uint8_t>> table_of_contents(const TocRequest& request);

// READ DISC INFORMATION (MMC-5 6.26).
std::vector<std::uint8_t> disc_information();

// READ SUB-CHANNEL (MMC-5 6.28): no audio plays. None: an invalid format.
std::optional<std::vector<std::uint8_t>> sub_channel(bool sub_q, std::uint8_t format, std::uint8_t track);

// READ DISC STRUCTURE of a DVD-ROM (MMC-5 6.27). None: a format that it has not got.
std::optional<std::vector<std::uint8_t>> dvd_structure(std::uint8_t format, std::uint32_t blocks);

// Whether a disc of so many blocks can only be a DVD: more than 80 minutes.
bool is_dvd(std::uint32_t blocks);

// Appends big-endian values, as SCSI has them.
void append16(std::vector<std::uint8_t>& to, std::uint32_t value);
void append32(std::vector<std::uint8_t>& to, std::uint32_t value);

} // namespace windsor::devices::ide
