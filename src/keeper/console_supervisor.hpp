// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a process alive that serves a domain's console.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "display/vnc_listener.hpp"
#include "keeper/nursery.hpp"
#include "sandbox/enclose.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace windsor::keeper {

// The process is forked anew when it ends or stands still: at once the first time, and after longer and longer breaks
// if it goes on like that. Each gets the same listening socket, picture and connection to the domain, and nothing else:
// it has walls of its own.
class ConsoleSupervisor {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::seconds kFirstBreak{1};
    static constexpr std::chrono::seconds kLongestBreak{60};
    // A process that has lived for so long starts with a clean record.
    static constexpr std::chrono::seconds kGoodLife{60};
    // One that gives no sign of life for so long stands still.
    static constexpr std::chrono::seconds kStandstill{30};

    struct Parts {
        display::VncListener listener;
        display::VncOptions options;
        base::Fd frame;
        base::Fd events;
        base::Fd wake;
        sigset_t mask; // of signals, for the process
        sandbox::Mode walls{sandbox::Mode::On};
        uid_t user{65534}; // that root becomes behind them
    };

    // The log outlives it. The calling process must have no threads.
    static base::Result<ConsoleSupervisor> create(Parts parts, base::Log& log);
    ConsoleSupervisor(ConsoleSupervisor&&) = default;
    ConsoleSupervisor& operator=(ConsoleSupervisor&&) = delete;
    // Ends the process.
    ~ConsoleSupervisor();

    // Makes the process: become_console() in one that is the caller's child.
    using Make = std::function<base::Result<Child>(int report)>;
    // From now on others make it, who have a copy of this from a fork. What only the process needs is closed here.
    void made_by(Make make);
    [[noreturn]] void become_console(base::Fd report);

    // What the process needs.
    std::vector<int> descriptors() const;
    // None at present, or that of a break.
    pid_t process() const { return process_.pid; }
    // Readable when act() has something to take note of; -1 for none.
    int descriptor() const { return report_.get(); }
    // When act() has something to do next.
    Clock::time_point deadline() const { return deadline_; }

    void act(Clock::time_point now);
    // That process has ended with that status of waitpid(2).
    void ended(int status, Clock::time_point now);

private:
    using Beats = std::atomic<std::uint32_t>;
    struct Unmap {
        void operator()(Beats* beats) const;
    };

    ConsoleSupervisor(Parts parts, std::unique_ptr<Beats, Unmap> beats, base::Fd life, base::Fd own_life,
                      base::Log& log);
    void start(Clock::time_point now);
    void take_report();
    base::Result<Child> make_here(base::Fd report);

    Parts parts_;
    std::unique_ptr<Beats, Unmap> beats_; // counted up by the process, in memory that both have
    base::Fd life_;     // for the process: its other end closes when the keeper ends, however that happens
    base::Fd own_life_; // the other end
    base::Log* log_;
    base::Fd report_{}; // on which the process says, before it serves anybody, which walls stand around it
    Make make_{}; // none: this process does
    Child process_{};
    std::uint32_t last_beat_{0};
    bool stood_still_{false};
    Clock::time_point started_{};
    Clock::time_point deadline_{};
    std::chrono::seconds break_{0};
};

} // namespace windsor::keeper
