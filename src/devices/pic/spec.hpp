// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 8259A Programmable Interrupt Controller datasheet (order 231468), "Programming the 8259A"; ELCR from
// the 82371SB (PIIX3) datasheet (order 290550), section 2.5.
#pragma once

#include <cstdint>

namespace windsor::devices::pic {

// The two ports of a chip, told apart by A0.
enum class Register : std::uint8_t { Command = 0, Data = 1 };

namespace icw1 {
constexpr std::uint8_t kNeedsIcw4 = 0x01;
constexpr std::uint8_t kSingle = 0x02;
constexpr std::uint8_t kInitialize = 0x10;
} // namespace icw1

namespace icw4 {
constexpr std::uint8_t kAutoEoi = 0x02;
constexpr std::uint8_t kSpecialFullyNested = 0x10;
} // namespace icw4

// OCW2 bits 7-5: rotate, specific, end of interrupt.
enum class Ocw2 : std::uint8_t {
    RotateInAutoEoiClear = 0,
    NonSpecificEoi = 1,
    NoOperation = 2,
    SpecificEoi = 3,
    RotateInAutoEoiSet = 4,
    RotateOnNonSpecificEoi = 5,
    SetPriority = 6,
    RotateOnSpecificEoi = 7,
};

namespace ocw3 {
constexpr std::uint8_t kSelect = 0x08; // tells OCW3 from OCW2
constexpr std::uint8_t kReadIsr = 0x01;
constexpr std::uint8_t kReadRegister = 0x02;
constexpr std::uint8_t kPoll = 0x04;
constexpr std::uint8_t kSpecialMask = 0x20;
constexpr std::uint8_t kSpecialMaskEnable = 0x40;
} // namespace ocw3

constexpr std::uint8_t kPollInterrupt = 0x80; // the poll word's bit for "there is one"

constexpr unsigned kInputs = 8; // of one chip
constexpr unsigned kCascade = 2;   // the master's input that the slave drives
constexpr unsigned kSpurious = 7;  // the input a chip reports if none asks any more

// ELCR bits that can be set: not those of the timer, keyboard and cascade, nor of the RTC and the FPU.
constexpr std::uint8_t kElcrMaster = 0xf8;
constexpr std::uint8_t kElcrSlave = 0xde;

} // namespace windsor::devices::pic
