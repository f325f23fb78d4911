// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a program for each connection, which is its standard input, as inetd(8) does.
#pragma once

#include "base/fd.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::share {

class Attendant {
public:
    // So many connections are served. A guest has one to all of its shares; those of one that has been reset or
    // restored may be left over, so that the oldest has to go for a newcomer.
    static constexpr std::size_t kMostServed = 8;
    // And so many programs may run, of which some have lost their connections and not ended yet.
    static constexpr std::size_t kMostRunning = 12;

    // The program's path and its arguments. Connections come by `arrivals`, a socket that keeps messages apart, one
    // with each message.
    Attendant(std::vector<std::string> command, base::Fd arrivals)
        : command_{std::move(command)}, arrivals_{std::move(arrivals)}
    {
    }

    int descriptor() const { return arrivals_.get(); }
    // Of the programs that run.
    std::size_t running() const { return served_.size(); }

    // Until `life` has been closed at its other end, or nobody can send connections any more. `beat` is called now and
    // then. The calling process has no threads, and no children but these.
    void serve(const base::Fd& life, const std::function<void()>& beat);

private:
    struct Served {
        pid_t program;
        base::Fd connection; // none any more once it has been taken away
    };

    // False once there will be no more.
    bool take();
    void begin(base::Fd connection);
    void make_room();
    void reap();
    [[noreturn]] void become_program(const base::Fd& connection) const;

    std::vector<std::string> command_;
    base::Fd arrivals_;
    std::list<Served> served_; // the oldest first
};

} // namespace windsor::share
