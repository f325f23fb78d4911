// SPDX-License-Identifier: GPL-2.0-or-later
// Connections to a receiver, each served in a process of its own: whoever comes first, says nothing or says nonsense is
// in nobody's way.
#pragma once

#include "base/fd.hpp"
#include "base/interrupts.hpp"
#include "transport/link.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <sys/types.h>

namespace windsor::transport {

class Reception {
public:
    // What serve() says of its connection to the process that waits.
    class Report {
    public:
        explicit Report(int fd) : fd_{fd} {}
        // It is no stranger: when places are short, it is turned out only if its address has most of them.
        void welcome() const;

    private:
        int fd_;
    };
    enum class Telling : std::uint8_t { Aloud, Silent }; // of failures, which strangers can repeat at will
    // Runs in the new process. True: what was waited for has come.
    using Serve = std::function<bool(base::Fd connection, const Report& report, Telling telling)>;

    // How many are served at once. Then one makes room that has been unknown for long; or, if all are known, one whose
    // address has more places than the newcomer's.
    static constexpr std::size_t kMost = 16;
    // The same of one address, or network of them (display/peer_address.hpp), as far as nobody knows them.
    static constexpr std::size_t kMostStrangersOfAddress = 4;

    // Returns when one of them has brought it. An interrupt is an error. The other connections end with it, and the
    // socket's path goes.
    static base::Status wait(const base::Fd& listener, const Endpoint& at, const base::Interrupts& interrupts,
                             const Serve& serve);

private:
    struct Visitor {
        pid_t process{-1};
        base::Fd report{};
        bool welcome{false};
        std::string network{}; // empty: local
    };

    Reception(const base::Fd& listener, const Serve& serve) : listener_{listener}, serve_{serve} {}
    ~Reception();
    void admit();
    // For one more from there.
    bool make_room(const std::string& network);
    // Who makes room for one from there when all places are taken; the end if all have more right to them.
    std::list<Visitor>::iterator least_missed(const std::string& network);
    void start(base::Fd connection, const std::string& network);
    // Whether one of those that have ended brought it.
    bool reap();
    void turn_out(std::list<Visitor>::iterator visitor);
    Telling telling() const;
    void note_failure();

    const base::Fd& listener_;
    const Serve& serve_;
    std::list<Visitor> visitors_; // oldest first
    unsigned failures_{0}; // since window_
    std::chrono::steady_clock::time_point window_{std::chrono::steady_clock::now()};
};

} // namespace windsor::transport
