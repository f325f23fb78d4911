// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of enclose(), each of which puts one wall up or says why it cannot.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sandbox/enclose.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace windsor::sandbox {

// What has become of each wall that was tried: success, or why not.
using Outcomes = std::map<WallKind, base::Status>;

// Environment strings that go are overwritten: they lie where /proc/PID/environ shows them.
base::Status clear_environment(std::span<const std::string> kept);
base::Status close_others(std::span<const int> kept);
base::Status set_limits(const Limits& limits);
base::Status forbid_dumps();

// User, namespaces and empty root belong together: what one of them takes away, another may need. `wanted` says which
// of them are to be tried. `reach` stays in the empty root.
Outcomes leave_host(std::span<const WallKind> wanted, uid_t user, std::span<const Reach> reach);

// A place of the host's file system that comes into an empty one. Copied before anything covers it.
class Kept {
public:
    // Nothing where nothing is.
    static base::Result<std::vector<Kept>> all_of(std::span<const Reach> reach);
    // Below that directory, at the path that it has had.
    base::Status put_below(const std::string& root) const;

private:
    Kept(const Reach& reach, base::Fd tree) : reach_{&reach}, tree_{std::move(tree)} {}

    const Reach* reach_;
    base::Fd tree_; // open_tree(2)
};

base::Status drop_capabilities(std::span<const unsigned> kept);
base::Status forbid_new_privileges();
// Needs no new privileges, or the capability CAP_SYS_ADMIN.
base::Status restrict_by_landlock(const Plan& plan);
base::Status filter_system_calls(Role role);

} // namespace windsor::sandbox
