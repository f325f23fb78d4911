// SPDX-License-Identifier: GPL-2.0-or-later
// Motorola MC146818 Real-Time Clock Plus RAM datasheet (ADI1026), "Registers"; port numbers and the second bank of
// RAM from the 82371SB (PIIX3) datasheet (order 290550), "Real Time Clock"; the century byte is the PC/AT's habit.
#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace windsor::devices::rtc {

enum class Register : std::uint8_t {
    Seconds = 0x00,
    SecondsAlarm = 0x01,
    Minutes = 0x02,
    MinutesAlarm = 0x03,
    Hours = 0x04,
    HoursAlarm = 0x05,
    DayOfWeek = 0x06, // 1 is Sunday
    DayOfMonth = 0x07,
    Month = 0x08,
    Year = 0x09,
    A = 0x0a,
    B = 0x0b,
    C = 0x0c,
    D = 0x0d,
    Century = 0x32,
};

namespace a {
constexpr std::uint8_t kUpdateInProgress = 0x80;
constexpr std::uint8_t kDivider = 0x70;
constexpr std::uint8_t kDividerReset = 0x60; // and 0x70
constexpr std::uint8_t kRate = 0x0f;
constexpr std::uint8_t kDefault = 0x26; // 32,768 Hz, 1,024 Hz periodic
} // namespace a

namespace b {
constexpr std::uint8_t kSet = 0x80;
constexpr std::uint8_t kPeriodic = 0x40;
constexpr std::uint8_t kAlarm = 0x20;
constexpr std::uint8_t kUpdateEnded = 0x10;
constexpr std::uint8_t kSquareWave = 0x08;
constexpr std::uint8_t kBinary = 0x04;
constexpr std::uint8_t k24Hours = 0x02;
constexpr std::uint8_t kEnables = kPeriodic | kAlarm | kUpdateEnded; // in the places of the flags of register C
} // namespace b

namespace c {
constexpr std::uint8_t kInterrupt = 0x80;
constexpr std::uint8_t kPeriodic = 0x40;
constexpr std::uint8_t kAlarm = 0x20;
constexpr std::uint8_t kUpdateEnded = 0x10;
} // namespace c

constexpr std::uint8_t kValidRam = 0x80; // register D: the battery is good
constexpr std::uint8_t kPm = 0x80;       // of the hours in the 12-hour format
constexpr std::uint8_t kDontCare = 0xc0; // alarm bytes with both bits set match everything
constexpr std::uint8_t kNmiMask = 0x80;  // port 0x70

constexpr unsigned kBankSize = 128;
constexpr std::int64_t kFrequency = 32'768;
// UIP rises this long before an update ("t_BUC").
constexpr base::Nanoseconds kUpdateWarning = 244'140;

} // namespace windsor::devices::rtc
