// SPDX-License-Identifier: GPL-2.0-or-later
// Locks that keep two machines from one image.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace windsor::storage {

enum class LockResult : std::uint8_t { Locked, Held, Unsupported };

// Locks the open file description for reading, which others may do as well, or for writing, which stands nobody else
// (fcntl(2), F_OFD_SETLK): conflicts also with other opens in this process, and goes away with the last descriptor. The
// bytes that are locked are QEMU's, so that each sees what the other does; a lock of somebody else's on the whole file
// conflicts as well.
LockResult lock_file(int fd, bool for_writing);
// Also for the other descriptors of the same open file.
void unlock_file(int fd);

// What is said of a process, if it is more than a process: "domain 'falstaff' (process 123)". Empty if it is not.
using ProcessNames = std::function<std::string(int pid)>;

// Who else holds a lock on the same file: what `names` says, or "process 123 (name)", or "another process" if this user
// may not know.
std::string lock_holder(int fd, const ProcessNames& names = {});

} // namespace windsor::storage
