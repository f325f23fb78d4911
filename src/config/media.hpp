// SPDX-License-Identifier: GPL-2.0-or-later
// Media that people change while a domain runs: how commands name drives and media, and what a configuration says
// afterwards.
#pragma once

#include "config/domain_config.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace windsor::config {

struct Medium {
    std::string path{}; // empty: none
    DiskBackend backend = DiskBackend::File;
    DiskAccess access = DiskAccess::ReadOnly;

    bool operator==(const Medium&) const = default;
};

// The name of a drive, "hdc" or "fda", from any of the ways in which Xen's programs name one: hdc, /dev/hdc, xvdc,
// hdc:cdrom, ioemu:hdc, d2 and d2p0, and its number, 5632 or 0x1600. The error is a sentence.
std::expected<std::string, std::string> parse_drive(std::string_view text);
// The number by which Xen's listings call a drive of that name.
unsigned drive_number(std::string_view drive);

// What a command names as the target of a drive, as disk= has it: a path, "file:/path", "phy:/dev/node" or "phy:node",
// which ",raw" may follow. The path may be a relative one, and is read as ReadOnly. The error is a sentence.
std::expected<Medium, std::string> parse_medium(std::string_view text);

// The configuration's disk of that drive; null if there is none.
const DiskConfig* find_drive(const DomainConfig& config, std::string_view drive);
// Whether people change what is in it.
bool is_removable(const DiskConfig& disk);
Medium medium_of(const DiskConfig& disk);

// Has the configuration say that the medium is in the drive, of which it has one: in the disk itself, and in the key as
// evaluated, which listings show.
void change_medium(DomainConfig& config, std::string_view drive, const Medium& medium);

} // namespace windsor::config
