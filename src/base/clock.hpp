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
    void set(Nanoseconds to) { state_ = pack(to, false); }

private:
    static Nanoseconds host_now();
    static constexpr Nanoseconds pack(Nanoseconds value, bool running) { return value * 2 + (running ? 1 : 0); }

    // In one word, so that nobody meets half of a change. The lowest bit: whether it runs. The others, while it does:
    // host time minus machine time; while it does not: the machine time itself, of at most 146 years.
    std::atomic<Nanoseconds> state_{0};
};

} // namespace windsor::base
