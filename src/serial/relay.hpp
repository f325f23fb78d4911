// SPDX-License-Identifier: GPL-2.0-or-later
// Moves characters between a domain and the other end of one of its serial lines, in a process of its own. Neither
// waits for the other: what the guest sends is kept up to a limit, the oldest dropped first.
#pragma once

#include "base/fd.hpp"
#include "serial/link.hpp"
#include "serial/opened.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

namespace windsor::serial {

struct Limits {
    std::uint64_t file_bytes{64u << 20}; // the file's size
    std::size_t kept_bytes{64u << 10};   // of the guest's output, as long as nobody takes it
};

class Relay {
public:
    using Clock = std::chrono::steady_clock;

    // After an attempt to connect, if the remote end has one address, or its last one; doubled each time.
    static constexpr std::chrono::seconds kFirstBreak{1};
    static constexpr std::chrono::seconds kLongestBreak{60};
    // For one attempt.
    static constexpr std::chrono::seconds kPatience{10};
    // Between two attempts to write to a file that took nothing, as the file system is full.
    static constexpr std::chrono::seconds kFileBreak{5};

    // `link`: an end of a socket pair as in link.hpp. Both descriptors do not wait (O_NONBLOCK).
    Relay(Opened end, base::Fd link, Limits limits = {});
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    // All that it has open before it serves.
    std::vector<int> descriptors() const;

    // One round is: fill(), poll(2), take(). fill() adds what it waits for, and makes `until` earlier if it wants to be
    // called earlier.
    void fill(std::vector<pollfd>& waits, Clock::time_point& until);
    void take(std::span<const pollfd> waits, Clock::time_point now);
    // False once the domain has gone.
    bool connected() const { return static_cast<bool>(link_); }

private:
    enum class Stage : std::uint8_t {
        Alone, // nobody is there, or comes; a listener or a break may change that
        Connecting, // to a remote end, and it is not known yet whether it answers
        Joined, // there is an other end
    };

    bool is(Opened::Use use) const { return end_.use == use; }
    int peer() const { return client_ ? client_.get() : end_.descriptor.get(); }
    void fill_link(std::vector<pollfd>& waits);
    void fill_peer(std::vector<pollfd>& waits);
    void act();
    void connect();
    void finish_connecting();
    void joined();
    void try_later();
    void part(Note why);
    bool has_left() const;
    void accept();
    void take_output();
    void take_from_domain(short events);
    void write_output();
    bool write_file(std::span<const std::uint8_t> bytes);
    void read_input();
    void pass_on();
    void note(Note note);
    std::size_t room() const;

    Opened end_;
    base::Fd link_;
    Limits limits_;
    Stage stage_{Stage::Alone};
    base::Fd client_{}; // that has come, or that this has connected to
    std::deque<std::uint8_t> output_{};
    std::vector<std::uint8_t> input_{}; // a message that the domain has not taken yet
    std::size_t next_address_{0};
    std::chrono::seconds break_{kFirstBreak};
    Clock::time_point now_{}; // of the present round
    Clock::time_point due_{}; // of the next attempt, or the end of the patience with the present one
    std::uint64_t written_{0};
    bool full_{false};
    bool listens_{true}; // a listener does
    bool told_unreachable_{false};
    bool told_refused_{false};
    std::optional<std::size_t> link_wait_{}; // in `waits`
    std::optional<std::size_t> peer_wait_{};
    std::optional<std::size_t> listener_wait_{};
};

// Serves the lines until `life` has been closed at its other end, or all domain's ends have gone. `beat` is called now
// and then.
void serve(std::span<const std::unique_ptr<Relay>> relays, const base::Fd& life, const std::function<void()>& beat);

} // namespace windsor::serial
