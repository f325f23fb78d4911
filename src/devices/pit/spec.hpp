// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 8254 Programmable Interval Timer datasheet (order 231164); port 0x61 from the 82371SB (PIIX3) datasheet
// (order 290550), "NMI Status and Control Register".
#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace windsor::devices::pit {

// CLK of all three counters.
constexpr std::int64_t kFrequency = 1'193'182;

constexpr unsigned kCounters = 3;
constexpr unsigned kTimerCounter = 0;
constexpr unsigned kSpeakerCounter = 2;
constexpr std::uint64_t kControlPort = 3; // offset of the control word register

// "Mode Definitions".
enum class Mode : std::uint8_t {
    InterruptOnTerminalCount = 0,
    HardwareOneShot = 1,
    RateGenerator = 2,
    SquareWave = 3,
    SoftwareStrobe = 4,
    HardwareStrobe = 5,
};

// Control word bits 5-4.
enum class AccessMode : std::uint8_t { Latch = 0, Low = 1, High = 2, LowThenHigh = 3 };

namespace control {
constexpr std::uint8_t kBcd = 0x01;
constexpr unsigned kModeShift = 1;
constexpr unsigned kAccessShift = 4;
constexpr unsigned kCounterShift = 6;
constexpr std::uint8_t kReadBack = 3; // in place of a counter
constexpr std::uint8_t kNoLatchStatus = 0x10;
constexpr std::uint8_t kNoLatchCount = 0x20;
} // namespace control

namespace status {
constexpr std::uint8_t kOut = 0x80;
constexpr std::uint8_t kNullCount = 0x40;
} // namespace status

namespace port61 {
constexpr std::uint8_t kGate2 = 0x01;
constexpr std::uint8_t kSpeakerData = 0x02;
constexpr std::uint8_t kWritable = 0x0f; // with the parity and channel check enables
constexpr std::uint8_t kRefreshToggle = 0x10;
constexpr std::uint8_t kOut2 = 0x20;
constexpr base::Nanoseconds kRefreshPeriod = 15'085; // DRAM refresh: 18 CLKs of counter 1
} // namespace port61

} // namespace windsor::devices::pit
