// SPDX-License-Identifier: GPL-2.0-or-later
// What a process is that stands beside the domain's, and meets the network in its stead.
#pragma once

#include "base/fd.hpp"
#include "sandbox/enclose.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace windsor::keeper {

class Helper {
public:
    // Exit statuses of the process.
    static constexpr int kHung = 3;
    static constexpr int kCannotServe = 4;
    static constexpr int kNotEnclosed = 5;
    static constexpr int kFinished = 6; // the domain's ends of all that it serves have gone

    virtual ~Helper() = default;

    // What the log calls what it serves: "console".
    virtual std::string name() const = 0;
    // All that it needs, and has had opened for it.
    virtual std::vector<int> descriptors() const = 0;
    // The walls around the process. It adds what descriptors() gives.
    virtual sandbox::Plan plan() const = 0;
    // In the process, behind its walls: serves until `life` has been closed at its other end, and calls `beat` every
    // few seconds as long as nothing hangs. Gives the exit status.
    virtual int serve(base::Fd life, const std::function<void()>& beat) = 0;
    // How long it may take to end by itself when the domain has ended, before it is killed.
    virtual std::chrono::milliseconds last_words() const { return {}; }
};

} // namespace windsor::keeper
