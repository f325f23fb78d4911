// SPDX-License-Identifier: GPL-2.0-or-later
// National Semiconductor PC16550D datasheet (TL/C/8652), section 8 "Registers".
#pragma once

#include <array>
#include <cstdint>

namespace windsor::devices::uart {

enum class Register : std::uint8_t {
    Data = 0,              // RBR, THR; divisor low if DLAB
    InterruptEnable = 1,   // IER; divisor high if DLAB
    InterruptIdFifo = 2,   // IIR, FCR
    LineControl = 3,
    ModemControl = 4,
    LineStatus = 5,
    ModemStatus = 6,
    Scratch = 7,
};

namespace ier {
constexpr std::uint8_t kReceived = 0x01;
constexpr std::uint8_t kTransmitEmpty = 0x02;
constexpr std::uint8_t kLineStatus = 0x04;
constexpr std::uint8_t kModemStatus = 0x08;
constexpr std::uint8_t kAll = 0x0f;
} // namespace ier

// Table "Interrupt Control Functions", highest first.
enum class Interrupt : std::uint8_t {
    LineStatus = 0x06,
    Received = 0x04,
    ReceiveTimeout = 0x0c,
    TransmitEmpty = 0x02,
    ModemStatus = 0x00,
    None = 0x01,
};
constexpr std::uint8_t kFifosEnabled = 0xc0; // IIR

namespace fcr {
constexpr std::uint8_t kEnable = 0x01;
constexpr std::uint8_t kResetReceiver = 0x02;
constexpr std::uint8_t kResetTransmitter = 0x04;
constexpr unsigned kTriggerShift = 6;
} // namespace fcr
constexpr std::array<std::uint8_t, 4> kTriggers{1, 4, 8, 14};

namespace lcr {
constexpr std::uint8_t kWordLength = 0x03;
constexpr std::uint8_t kStopBits = 0x04;
constexpr std::uint8_t kParity = 0x08;
constexpr std::uint8_t kDivisorLatch = 0x80;
} // namespace lcr

namespace mcr {
constexpr std::uint8_t kDtr = 0x01;
constexpr std::uint8_t kRts = 0x02;
constexpr std::uint8_t kOut1 = 0x04;
constexpr std::uint8_t kOut2 = 0x08; // on a PC it lets the interrupt through
constexpr std::uint8_t kLoop = 0x10;
constexpr std::uint8_t kAll = 0x1f;
} // namespace mcr

namespace lsr {
constexpr std::uint8_t kDataReady = 0x01;
constexpr std::uint8_t kOverrun = 0x02;
constexpr std::uint8_t kBreak = 0x10;
constexpr std::uint8_t kErrors = 0x1e; // cleared by reading LSR
constexpr std::uint8_t kTransmitEmpty = 0x20;
constexpr std::uint8_t kTransmitterIdle = 0x40;
constexpr std::uint8_t kFifoError = 0x80;
} // namespace lsr

namespace msr {
constexpr std::uint8_t kDeltaCts = 0x01;
constexpr std::uint8_t kDeltaDsr = 0x02;
constexpr std::uint8_t kTrailingRing = 0x04;
constexpr std::uint8_t kDeltaDcd = 0x08;
constexpr std::uint8_t kDeltas = 0x0f;
constexpr std::uint8_t kCts = 0x10;
constexpr std::uint8_t kDsr = 0x20;
constexpr std::uint8_t kRing = 0x40;
constexpr std::uint8_t kDcd = 0x80;
} // namespace msr

constexpr unsigned kRegisters = 8;
constexpr unsigned kFifoSize = 16;
constexpr std::int64_t kBaudClock = 1'843'200 / 16; // baud rate of divisor 1
constexpr std::int64_t kQuickRate = 8 * kBaudClock; // 921,600 baud, eight times the PC's fastest: 90 KB/s
constexpr unsigned kTimeoutCharacters = 4;          // "FIFO Interrupt Mode Operation"
constexpr std::uint16_t kDefaultDivisor = 12;       // 9,600 baud

} // namespace windsor::devices::uart
