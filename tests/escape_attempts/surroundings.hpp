// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "attempts.hpp"
#include "base/fd.hpp"

#include <vector>

namespace windsor::escape {

// Makes them, and takes them away again. Belongs to the process that made it; children must not destroy it.
class Stage {
public:
    Stage();
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // Whether everything is there.
    bool complete() const { return complete_; }
    const Surroundings& surroundings() const { return around_; }

private:
    bool make_files();
    bool listen();
    bool make_console();
    bool start_neighbour();

    Surroundings around_;
    std::vector<base::Fd> held_;
    int shared_memory_{-1};
    bool complete_{false};
};

} // namespace windsor::escape
