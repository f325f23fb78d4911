// SPDX-License-Identifier: GPL-2.0-or-later
// Locks that keep two machines from one image.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace windsor::storage {

enum class LockResult : std::uint8_t { Locked, Held, Unsupported };

// Locks the open file description for reading or for writing (fcntl(2), F_OFD_SETLK): conflicts also with
// other opens in this process, and goes away with the last descriptor.
LockResult lock_file(int fd, bool for_writing);

// What is said of a process, if it is more than a process: "domain 'falstaff' (process 123)". Empty if it is not.
using ProcessNames = std::function<std::string(int pid)>;

// Who else holds a lock on the same file: what `names` says, or "process 123 (name)", or "another process" if this user
// may not know.
std::string lock_holder(int fd, const ProcessNames& names = {});

} // namespace windsor::storage
