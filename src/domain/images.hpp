// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/domain_config.hpp"
#include "storage/image.hpp"

namespace windsor::domain {

// The image that a disk of the configuration stands for.
storage::ImageSpec image_spec(const config::DiskConfig& disk);

} // namespace windsor::domain
