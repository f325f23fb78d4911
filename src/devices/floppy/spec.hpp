// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82077AA CHMOS Single-Chip Floppy Disk Controller datasheet (order 290166): 2.1 "Status, Data and Control
// Registers", 5.0 "Command Set/Descriptions", 6.0 "Status Register Encoding". The ports are those of the PC/AT.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::devices::floppy {

constexpr std::uint16_t kPorts = 0x3f0;            // kPortCount of them
constexpr std::uint16_t kDigitalInputPort = 0x3f7; // IDE has the one in between
constexpr unsigned kPortCount = 6;
constexpr unsigned kInterrupt = 6;
constexpr unsigned kDmaChannel = 2;

constexpr unsigned kDrives = 2;       // with a connector
constexpr unsigned kDriveNumbers = 4; // that commands can name

// By their offsets.
enum class Register : std::uint8_t {
    StatusA = 0,
    StatusB = 1,
    DigitalOutput = 2,
    TapeDrive = 3,
    MainStatusDataRate = 4, // read: main status; written: data rate select
    Data = 5,               // the FIFO
};

// Status register A and B are laid out as in PS/2 mode.
namespace sra {
constexpr std::uint8_t kInterruptPending = 0x80;
constexpr std::uint8_t kNoSecondDrive = 0x40;
constexpr std::uint8_t kNotTrack0 = 0x10;
constexpr std::uint8_t kHead1 = 0x08;
constexpr std::uint8_t kNotIndex = 0x04;
constexpr std::uint8_t kNotProtected = 0x02;
} // namespace sra

namespace srb {
constexpr std::uint8_t kAlwaysSet = 0xc0;
constexpr std::uint8_t kDriveSelect0 = 0x20;
} // namespace srb

namespace dor {
constexpr std::uint8_t kDrive = 0x03;
constexpr std::uint8_t kNoReset = 0x04;
constexpr std::uint8_t kDmaGate = 0x08; // lets the interrupt and the DMA request out
constexpr unsigned kMotorShift = 4;
} // namespace dor

constexpr std::uint8_t kTapeSelect = 0x03;
constexpr std::uint8_t kTapeUndriven = 0xfc;

namespace msr {
constexpr std::uint8_t kRqm = 0x80;
constexpr std::uint8_t kDio = 0x40; // the host is to read
constexpr std::uint8_t kNonDma = 0x20;
constexpr std::uint8_t kCommandBusy = 0x10;
} // namespace msr

namespace dsr {
constexpr std::uint8_t kReset = 0x80;
constexpr std::uint8_t kPowerDown = 0x40;
constexpr std::uint8_t kPrecompensation = 0x1c;
constexpr std::uint8_t kRate = 0x03;
} // namespace dsr

namespace dir {
constexpr std::uint8_t kDiskChange = 0x80;
constexpr std::uint8_t kUndriven = 0x7f; // in PC/AT mode
} // namespace dir

// Data rate, bits 1-0 of DSR and CCR.
enum class Rate : std::uint8_t { Kbps500 = 0, Kbps300 = 1, Kbps250 = 2, Mbps1 = 3 };

// Commands without their MT, MFM, SK, DIR and LOCK bits.
enum class Command : std::uint8_t {
    ReadTrack = 0x02,
    Specify = 0x03,
    SenseDriveStatus = 0x04,
    WriteData = 0x05,
    ReadData = 0x06,
    Recalibrate = 0x07,
    SenseInterruptStatus = 0x08,
    WriteDeletedData = 0x09,
    ReadId = 0x0a,
    ReadDeletedData = 0x0c,
    FormatTrack = 0x0d,
    Dumpreg = 0x0e,
    Seek = 0x0f,
    Version = 0x10,
    PerpendicularMode = 0x12,
    Configure = 0x13,
    Unlock = 0x14,
    Verify = 0x16,
    RelativeSeek = 0x8f,
};
constexpr std::size_t kLongestCommand = 9;
constexpr std::size_t kLongestResult = 10;

namespace opcode {
constexpr std::uint8_t kMultiTrack = 0x80;
constexpr std::uint8_t kMfm = 0x40;
constexpr std::uint8_t kSkip = 0x20;
constexpr std::uint8_t kStepIn = 0x40; // DIR of RELATIVE SEEK
constexpr std::uint8_t kLock = 0x80;   // of LOCK
} // namespace opcode

namespace parameter {
constexpr std::uint8_t kDrive = 0x03;       // second byte
constexpr std::uint8_t kHead = 0x04;        // second byte
constexpr std::uint8_t kEnableCount = 0x80; // second byte of VERIFY
constexpr std::uint8_t kNonDma = 0x01;      // third byte of SPECIFY
constexpr std::uint8_t kOverwrite = 0x80;   // PERPENDICULAR MODE
constexpr std::uint8_t kPerpendicularDrives = 0x3c;
constexpr std::uint8_t kGapWgate = 0x03;
} // namespace parameter

// Third byte of CONFIGURE.
namespace config {
constexpr std::uint8_t kImpliedSeek = 0x40;
constexpr std::uint8_t kNoFifo = 0x20;
constexpr std::uint8_t kNoPolling = 0x10;
constexpr std::uint8_t kThreshold = 0x0f;
constexpr std::uint8_t kAll = 0x7f;
} // namespace config

namespace st0 {
constexpr std::uint8_t kAbnormal = 0x40;
constexpr std::uint8_t kInvalid = 0x80;
constexpr std::uint8_t kPolled = 0xc0; // abnormal termination by polling
constexpr std::uint8_t kSeekEnd = 0x20;
constexpr std::uint8_t kEquipmentCheck = 0x10;
constexpr std::uint8_t kHead = 0x04;
} // namespace st0

namespace st1 {
constexpr std::uint8_t kEndOfCylinder = 0x80;
constexpr std::uint8_t kDataError = 0x20;
constexpr std::uint8_t kOverrun = 0x10;
constexpr std::uint8_t kNoData = 0x04;
constexpr std::uint8_t kNotWriteable = 0x02;
constexpr std::uint8_t kMissingAddressMark = 0x01;
} // namespace st1

namespace st2 {
constexpr std::uint8_t kControlMark = 0x40;
constexpr std::uint8_t kDataErrorInData = 0x20;
constexpr std::uint8_t kWrongCylinder = 0x10;
} // namespace st2

namespace st3 {
constexpr std::uint8_t kWriteProtected = 0x40;
constexpr std::uint8_t kAlwaysSet = 0x28; // ready, and two-sided
constexpr std::uint8_t kTrack0 = 0x10;
} // namespace st3

constexpr std::uint8_t kVersion = 0x90;
constexpr unsigned kFifoSize = 16;
constexpr std::int16_t kRecalibratePulses = 79;
constexpr std::int16_t kMostPulses = 255;
constexpr std::uint16_t kMostSectors = 256; // that a command can count
constexpr std::size_t kSectorBytes = 512;
constexpr std::uint8_t kSectorSizeCode = 2; // N
constexpr std::size_t kFormatIdBytes = 4;

// Disks turn faster here than in the world, but no command ends within the access that began it.
constexpr base::Nanoseconds kSectorTime = 400 * base::kMicrosecond;
constexpr base::Nanoseconds kSearchTime = 20 * base::kMillisecond; // two pulses of the index hole
constexpr base::Nanoseconds kShortestSeek = 200 * base::kMicrosecond;
constexpr base::Nanoseconds kLongestSeek = 50 * base::kMillisecond;
constexpr base::Nanoseconds kPollingTime = 100 * base::kMicrosecond; // after a reset
// How long the host may leave the FIFO alone until data is lost.
constexpr base::Nanoseconds kServiceTime = 250 * base::kMillisecond;
// No deadline is further away.
constexpr base::Nanoseconds kLongestWait = kServiceTime;

} // namespace windsor::devices::floppy
