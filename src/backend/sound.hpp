// SPDX-License-Identifier: GPL-2.0-or-later
// What a sound card plays to and records from. Used with the machine lock held.
#pragma once

#include "base/clock.hpp"
#include "bus/machine_lock.hpp"

#include <cstdint>
#include <span>

namespace windsor::backend {

// A moment of both channels.
struct StereoFrame {
    std::int16_t left{0};
    std::int16_t right{0};

    bool operator==(const StereoFrame&) const = default;
};

// When a run of frames is on the wire: the first at that machine time, the others after it at the rate.
struct SoundTime {
    base::Nanoseconds at{0};
    unsigned rate{0}; // frames a second, in hertz
};

// The world's end of what the guest plays. The card has its own pace, which is machine time's, whether anybody listens
// or not: frames come soon after their time, and those of a time that has passed before come never again. Between runs
// that do not join there is silence.
class SoundOutput {
public:
    virtual ~SoundOutput() = default;
    // Takes frames, or drops them where there is no room. Waits for nobody, and keeps no reference to them.
    virtual void play(SoundTime time, std::span<const StereoFrame> frames) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// The world's end of what the guest records.
class SoundInput {
public:
    virtual ~SoundInput() = default;
    // Fills in what was heard at that time, or silence where nothing was. Waits for nobody.
    virtual void record(SoundTime time, std::span<StereoFrame> frames) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
