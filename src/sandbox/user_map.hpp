// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <sys/types.h>

namespace windsor::sandbox {

// For a process on its way into a user namespace: its user and group are the only ones there, under the same numbers.
// Made before unshare(CLONE_NEWUSER), written after it. user_namespaces(7).
class UserMap {
public:
    // `process` is the directory /proc/self, opened before it was out of sight, and outlives the map.
    explicit UserMap(const base::Fd& process);

    base::Status write() const;

private:
    int process_;
    uid_t user_;
    gid_t group_;
};

} // namespace windsor::sandbox
