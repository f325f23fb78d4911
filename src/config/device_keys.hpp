// SPDX-License-Identifier: GPL-2.0-or-later
// The keys that have a device in each of their strings; rows of the table name these functions.
#pragma once

#include "config/reading.hpp"

namespace windsor::config {

void read_disks(const KeyInfo& key, const Setting& setting, Reading& reading);

// cdrom comes after the disks, whichever the file names first: it is one more of them.
// Of fda and fdb.
void read_floppy(const KeyInfo& key, const Setting& setting, Reading& reading);
void settle_cdrom(Reading& reading);

void read_vifs(const KeyInfo& key, const Setting& setting, Reading& reading);

} // namespace windsor::config
