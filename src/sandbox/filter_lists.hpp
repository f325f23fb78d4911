// SPDX-License-Identifier: GPL-2.0-or-later
// Which system calls are let through, for what arguments, as rules for libseccomp.
#pragma once

#include "sandbox/enclose.hpp"
#include "sandbox/thread_role.hpp"

#include <seccomp.h>
#include <span>
#include <vector>

namespace windsor::sandbox {

// A system call that is let through always, or where all these arguments compare so.
struct Rule {
    int call;
    std::vector<scmp_arg_cmp> arguments{};
};

using Rules = std::vector<Rule>;

// What the process may do, threads that have no role included.
Rules rules_of(Role role);
// What a thread may do of that.
Rules rules_of(ThreadRole role);

// What a role may not do that runs a program of the host's, whose system calls are not known from here: all others are
// let through. Refused, as that program may try what it can do without.
Rules refusals_of_share();

// What nothing here ever does but a role whose rules have it, and what only somebody does who has taken the process
// over: it ends at once.
std::span<const int> deadly_calls();

} // namespace windsor::sandbox
