// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <sys/types.h>

namespace windsor::sandbox {

// Who becomes the parent of a process that is orphaned as soon as it is made.
enum class Parent : std::uint8_t {
    Caller, // who also becomes that of whatever its children leave behind (PR_SET_CHILD_SUBREAPER)
    Reaper, // the nearest of the caller's ancestors that has called fork_apart() for itself
};

// As fork(2), for a process of one thread: gives 0 in the child, and its number in the caller. The child is the first
// process of a namespace of process ids of its own where the host allows that, and an ordinary one where not.
base::Result<pid_t> fork_apart(Parent parent = Parent::Caller);

// The same with a process that `make` makes, which gives its number, 0 in that process if it is a fork, or -1. It is
// called in a process between, which ends at once.
base::Result<pid_t> fork_away(Parent parent, const std::function<pid_t()>& make);

} // namespace windsor::sandbox
