// SPDX-License-Identifier: GPL-2.0-or-later
// Time is injected: no device asks the host for it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace windsor::base {

// Nanoseconds of machine time; starts near zero and stands still while the machine is paused.
using Nanoseconds = std::int64_t;
constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kMicrosecond = 1'000;

// Machine time. now() may be called from any thread and never goes back.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Nanoseconds now() const = 0;
};

// What people call the time: nanoseconds since 1970, UTC. It goes on while machines are paused and hosts asleep, and
// may be set back.
class WallClock {
public:
    virtual ~WallClock() = default;
    virtual Nanoseconds now() const = 0;
};

class HostWallClock final : public WallClock {
public:
    Nanoseconds now() const override;
};

class ManualWallClock final : public WallClock {
public:
    Nanoseconds now() const override { return now_.load(); }
    void advance(Nanoseconds by) { now_ += by; }

private:
    std::atomic<Nanoseconds> now_{0};
};

// The clock of tests: time passes only when told.
class ManualClock final : public Clock {
public:
    Nanoseconds now() const override { return now_.load(); }
    void advance(Nanoseconds by) { now_ += by; }
    void set(Nanoseconds to) { now_ = to; }

private:
    std::atomic<Nanoseconds> now_{0};
};

// Host time that can be stopped and started again. Starts stopped, at zero.
class PausableClock final : public Clock {
public:
    Nanoseconds now() const override;
    void start();
    void stop();
    // While stopped: goes on from there.
    void set(Nanoseconds to) { value_ = to; }

private:
    static Nanoseconds host_now();

    // While running: host time minus machine time. While stopped: the machine time itself.
    std::atomic<Nanoseconds> value_{0};
    std::atomic<bool> running_{false};
};

} // namespace windsor::base
