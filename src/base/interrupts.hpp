// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <csignal>
#include <poll.h>

namespace windsor::base {

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
    Result<bool> wait_for(int fd, short events, std::chrono::milliseconds patience) const
    {
        for (std::chrono::milliseconds waited{0}; waited < patience; waited += kLook) {
            pollfd waiting{.fd = fd, .events = events, .revents = 0};
            if (::poll(&waiting, 1, static_cast<int>(kLook.count())) > 0) {
                return true;
            }
            if (came()) {
                return fail("interrupted");
            }
        }
        return false;
    }

private:
    static constexpr std::chrono::milliseconds kLook{100};

    sigset_t set_{};
    sigset_t before_{};
};

} // namespace windsor::base
