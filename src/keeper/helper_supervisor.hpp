// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a helper's process alive.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "keeper/helper.hpp"
#include "keeper/nursery.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::keeper {

// The process is forked anew when it ends or stands still: at once the first time, and after longer and longer breaks
// if it goes on like that. Each gets what the helper had open at first, and nothing else: it has walls of its own.
class HelperSupervisor {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::seconds kFirstBreak{1};
    static constexpr std::chrono::seconds kLongestBreak{60};
    // A process that has lived for so long starts with a clean record.
    static constexpr std::chrono::seconds kGoodLife{60};
    // One that gives no sign of life for so long stands still.
    static constexpr std::chrono::seconds kStandstill{30};

    // The log outlives it. The calling process must have no threads. `mask` is of signals, for the process.
    static base::Result<HelperSupervisor> create(std::unique_ptr<Helper> helper, const sigset_t& mask, base::Log& log);
    HelperSupervisor(HelperSupervisor&&) = default;
    HelperSupervisor& operator=(HelperSupervisor&&) = delete;
    // Ends the process.
    ~HelperSupervisor();
    // Of a process whose domain has ended: waits until it ends, as long as its helper allows. The process may be reaped
    // here.
    void let_end();

    // Makes the process: become_helper() in one that is the caller's child.
    using Make = std::function<base::Result<Child>(int report)>;
    // From now on others make it, who have a copy of this from a fork. The helper itself goes, with all that it has
    // open.
    void made_by(Make make);
    [[noreturn]] void become_helper(base::Fd report);

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

    HelperSupervisor(std::unique_ptr<Helper> helper, const sigset_t& mask, std::unique_ptr<Beats, Unmap> beats,
                     base::Fd life, base::Fd own_life, base::Log& log);
    void start(Clock::time_point now);
    void take_report();
    base::Result<Child> make_here(base::Fd report);

    std::unique_ptr<Helper> helper_; // none once others make it
    std::string name_;
    std::chrono::milliseconds last_words_;
    sigset_t mask_;
    std::unique_ptr<Beats, Unmap> beats_; // counted up by the process, in memory that both have
    base::Fd life_; // for the process: its other end closes when the keeper ends, however that happens
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
