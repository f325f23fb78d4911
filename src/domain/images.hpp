// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/domain_config.hpp"
#include "storage/image.hpp"

namespace windsor::domain {

// The image that a disk of the configuration stands for.
storage::ImageSpec image_spec(const config::DiskConfig& disk);
// Its drive: 0 to 3 for hda to hdd.
std::uint8_t slot_of(const config::DiskConfig& disk);

} // namespace windsor::domain
