// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/domain_config.hpp"
#include "storage/image.hpp"

#include <filesystem>

namespace windsor::domain {

// The image that a disk of the configuration stands for. `Saved` is that of a domain that goes on.
storage::ImageSpec image_spec(const config::DiskConfig& disk, storage::Contents contents = storage::Contents::Any);
// How messages call the process of a domain in this registry.
storage::ProcessNames domain_names(const std::filesystem::path& runtime);
// Its drive, as in machine::DriveSpec: 0 to 3 for hda to hdd, 4 and 5 for fda and fdb.
std::uint8_t slot_of(const config::DiskConfig& disk);

} // namespace windsor::domain
