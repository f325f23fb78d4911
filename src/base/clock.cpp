// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.hpp"

namespace windsor::base {

Nanoseconds PausableClock::host_now()
{
    const auto since_epoch = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

Nanoseconds PausableClock::now() const
{
    const Nanoseconds state = state_.load();
    const Nanoseconds value = state >> 1;
    return (state & 1) != 0 ? host_now() - value : value;
}

void PausableClock::start()
{
    if (const Nanoseconds state = state_.load(); (state & 1) == 0) {
        state_ = pack(host_now() - (state >> 1), true);
    }
}

void PausableClock::stop()
{
    if ((state_.load() & 1) != 0) {
        state_ = pack(now(), false);
    }
}

Nanoseconds HostWallClock::now() const
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace windsor::base
