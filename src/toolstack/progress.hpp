// SPDX-License-Identifier: GPL-2.0-or-later
// For commands that take their time: how far they are, and that they can be interrupted.
#pragma once

#include "base/result.hpp"
#include "toolstack/command.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace windsor::toolstack {

// Ctrl-C and its like, to be asked for instead of ending this process.
class Interrupts {
public:
    Interrupts()
    {
        ::sigemptyset(&set_);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            ::sigaddset(&set_, signal);
        }
        ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
    }
    ~Interrupts() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    bool came() const
    {
        constexpr timespec kNow{};
        return ::sigtimedwait(&set_, nullptr, &kNow) > 0;
    }
    // Waits for what poll(2) calls `events`; false when the time is up. An interrupt is an error.
    base::Result<bool> wait_for(int fd, short events, std::chrono::milliseconds patience) const
    {
        for (std::chrono::milliseconds waited{0}; waited < patience; waited += kLook) {
            pollfd waiting{.fd = fd, .events = events, .revents = 0};
            if (::poll(&waiting, 1, static_cast<int>(kLook.count())) > 0) {
                return true;
            }
            if (came()) {
                return base::fail("interrupted");
            }
        }
        return false;
    }

private:
    static constexpr std::chrono::milliseconds kLook{100};

    sigset_t set_{};
    sigset_t before_{};
};

// One line on a terminal that is written over and over.
class ProgressLine {
public:
    ProgressLine(Context& context, std::string what)
        : context_{context}, what_{std::move(what)}, terminal_{::isatty(STDERR_FILENO) != 0}
    {
    }
    ~ProgressLine()
    {
        if (shown_) {
            context_.err << '\n' << std::flush;
        }
    }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    // So much of so much.
    void show(std::uint64_t done, std::uint64_t total)
    {
        if (terminal_ && total != 0) {
            context_.err << fmt::format("\r{}: {:3} %", what_, done * 100 / total) << std::flush;
            shown_ = true;
        }
    }
    void rename(std::string what) { what_ = std::move(what); }

private:
    Context& context_;
    std::string what_;
    bool terminal_;
    bool shown_{false};
};

} // namespace windsor::toolstack
