// SPDX-License-Identifier: GPL-2.0-or-later
// Slows down whoever guesses a console's password.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace windsor::display {

// Some wrong answers are free. After them the network has to wait before each further one, twice as long each time. The
// right answer forgives all; other networks, and viewers that have come in, notice nothing. Not thread-safe.
class PasswordGuard {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr unsigned kFree = 5;
    static constexpr std::chrono::seconds kFirstWait{10};
    static constexpr std::chrono::seconds kLongestWait{900};
    // After a wait has passed, and as long again without an attempt, the network is one like all others.
    static constexpr std::chrono::seconds kMemory{3600};
    // Networks that are remembered. Then the one is forgotten whose wait ends first.
    static constexpr std::size_t kMost = 1024;

    // How long it has to wait yet; nothing if it may try.
    std::optional<std::chrono::seconds> wait_of(const std::string& network, Clock::time_point now) const;
    void wrong(const std::string& network, Clock::time_point now);
    void right(const std::string& network) { guessers_.erase(network); }

    std::size_t size() const { return guessers_.size(); }

private:
    struct Guesser {
        unsigned wrong{0};
        std::chrono::seconds next_wait{kFirstWait};
        Clock::time_point until{}; // the last wrong answer, or the end of the wait after it
    };

    void make_room(const std::string& network, Clock::time_point now);

    std::map<std::string, Guesser> guessers_{};
};

} // namespace windsor::display
