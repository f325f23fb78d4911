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
    return running_.load(std::memory_order_acquire) ? host_now() - value_.load() : value_.load();
}

void PausableClock::start()
{
    if (!running_) {
        value_ = host_now() - value_;
        running_.store(true, std::memory_order_release);
    }
}

void PausableClock::stop()
{
    if (running_) {
        const Nanoseconds stopped_at = now();
        running_ = false;
        value_ = stopped_at;
    }
}

Nanoseconds HostWallClock::now() const
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace windsor::base
