// SPDX-License-Identifier: GPL-2.0-or-later
// A running domain's folder in the registry, which whoever cleans /run or /tmp may take away.
#pragma once

#include "base/fd.hpp"
#include "base/file_log.hpp"
#include "base/result.hpp"
#include "domain/keeper_link.hpp"
#include "domain/registry.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

namespace windsor::keeper {

// Notices when something of it is gone, and makes it again: the folder with its files, the log with what it had, and
// the control socket. The domain, which can make nothing, is handed the new ones.
class Home {
public:
    using Clock = std::chrono::steady_clock;

    // After something has been removed: whoever removes it may not have finished. And after a vain attempt.
    static constexpr std::chrono::milliseconds kSettle{200};
    // What inotify(7) does not tell, such as a file system that is mounted over it, is found by looking.
    static constexpr std::chrono::seconds kLook{10};
    static constexpr std::chrono::seconds kNextAttempt{1};

    // `domain`: a socket of type SOCK_SEQPACKET for KeeperNotices, whose other end the domain has. The claim and the
    // log outlive this; the log is written to the folder.
    Home(domain::Claim& claim, base::Fd domain, base::FileLog& log);

    // Readable when act() has something to take note of.
    int descriptor() const { return events_.get(); }
    // When act() has something to do next.
    Clock::time_point deadline() const { return deadline_; }
    void act(Clock::time_point now);

private:
    // What stands in the folder. The domain makes some of it when it has begun.
    struct Contents {
        std::map<std::string, std::string> files{}; // with their text; but for lock and log
        std::map<std::string, std::filesystem::path> links{};
        bool control{false};
    };

    bool take_events();
    void watch();
    bool whole() const;
    void remember();
    base::Status make_again();
    base::Status make_files_again(bool all);
    base::Status pay();
    base::Status make_control_again();
    base::Status tell(domain::KeeperNews news, int descriptor) const;

    domain::Claim& claim_;
    base::Fd domain_;
    base::FileLog& log_;
    base::Fd events_; // none where the host has no more of them: then looking has to do
    Contents contents_{};
    Clock::time_point deadline_{};
    bool lock_owed_{false}; // made again, and the domain has not taken it yet
    bool log_owed_{false};
    bool complained_{false};
};

} // namespace windsor::keeper
