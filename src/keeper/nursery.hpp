// SPDX-License-Identifier: GPL-2.0-or-later
// Makes processes for a keeper that can make none itself: its walls forbid it, and what it made would be behind them.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::keeper {

// A process of the keeper's, which is its parent.
struct Child {
    pid_t pid{-1};
    base::Fd handle{}; // a pidfd

    // Of the child that has just been made.
    static base::Result<Child> of(pid_t pid);
    void end(int signal) const;
};

// A process without walls, as the keeper was before it had its own. Of what it is asked, it takes a kind, a name and a
// descriptor, and can do two things; it opens no path that the keeper could have changed. It ends with the keeper.
class Nursery {
public:
    // With what is asked for. Who is not answered in time never asks again: the keeper has others to look after.
    static constexpr std::chrono::seconds kPatience{10};

    struct Makers {
        // Each becomes the process of a helper, which says its walls on that descriptor.
        std::vector<std::function<void(base::Fd report)>> become_helper{};
        // As Charge::restart.
        std::function<base::Result<pid_t>(int errors, const std::string& name)> restart{};
    };

    // The calling process, which must have no threads, has called sandbox::fork_apart() for itself. Of its descriptors
    // the nursery keeps those that are named.
    static base::Result<Nursery> start(Makers makers, std::span<const int> kept,
                                       std::chrono::milliseconds patience = kPatience);

    // The helper of that number, when nothing is left of its process before: an intruder would make any number of them.
    base::Result<Child> helper(std::size_t number, int report);
    // Once: an intruder's domain would make any number of others. What the helpers had is closed before, and they are
    // made no more: the fresh domain has its own.
    base::Result<Child> restart(int errors, const std::string& name);

private:
    explicit Nursery(base::Fd socket) : socket_{std::move(socket)} {}

    base::Fd socket_;
};

} // namespace windsor::keeper
