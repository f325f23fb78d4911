// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of enclose(), each of which puts one wall up or says why it cannot.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sandbox/enclose.hpp"

#include <map>
#include <span>

namespace windsor::sandbox {

// What has become of each wall that was tried: success, or why not.
using Outcomes = std::map<WallKind, base::Status>;

// Environment strings that go are overwritten: they lie where /proc/PID/environ shows them.
base::Status clear_environment(std::span<const std::string> kept);
base::Status close_others(std::span<const int> kept);
base::Status set_limits(const Limits& limits);
base::Status forbid_dumps();

// User, namespaces and empty root belong together: what one of them takes away, another may need. `wanted` says which
// of them are to be tried.
Outcomes leave_host(std::span<const WallKind> wanted, uid_t user);

base::Status drop_capabilities(std::span<const unsigned> kept);
base::Status forbid_new_privileges();
// Needs no new privileges, or the capability CAP_SYS_ADMIN.
base::Status restrict_by_landlock(const Plan& plan);
base::Status filter_system_calls(Role role);

} // namespace windsor::sandbox
