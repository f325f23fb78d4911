// SPDX-License-Identifier: GPL-2.0-or-later
// Operations on all disks of a domain.
#pragma once

#include "base/result.hpp"
#include "storage/async_disk.hpp"

#include <vector>

namespace windsor::domain {

using DiskOperation = void (storage::AsyncDisk::*)(backend::BlockMedia::Done);

// On all at once; waits for their ends, a minute at most. Gives the first failure. From any thread but the machine's.
base::Status on_all_disks(const std::vector<storage::AsyncDisk*>& disks, DiskOperation operation);

} // namespace windsor::domain
