// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/password_guard.hpp"

#include <algorithm>

namespace windsor::display {

std::optional<std::chrono::seconds> PasswordGuard::wait_of(const std::string& network, Clock::time_point now) const
{
    const auto found = guessers_.find(network);
    if (found == guessers_.end() || now >= found->second.until) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::seconds>(found->second.until - now);
}

void PasswordGuard::wrong(const std::string& network, Clock::time_point now)
{
    make_room(network, now);
    Guesser& guesser = guessers_[network];
    guesser.until = now;
    if (++guesser.wrong >= kFree) {
        guesser.until += guesser.next_wait;
        guesser.next_wait = std::min(2 * guesser.next_wait, kLongestWait);
    }
}

// Who is remembered already needs none.
void PasswordGuard::make_room(const std::string& network, Clock::time_point now)
{
    std::erase_if(guessers_, [&](const auto& item) { return now - item.second.until >= kMemory; });
    if (guessers_.size() >= kMost && !guessers_.contains(network)) {
        guessers_.erase(std::ranges::min_element(guessers_, {}, [](const auto& item) { return item.second.until; }));
    }
}

} // namespace windsor::display
