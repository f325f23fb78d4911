// SPDX-License-Identifier: GPL-2.0-or-later
// Universal Host Controller Interface (UHCI) Design Guide, revision 1.1, as the PIIX3 has it: Intel 82371SB datasheet,
// order number 290550, function 2.
#pragma once

#include <cstdint>

namespace windsor::devices::uhci {

constexpr std::uint16_t kVendor = 0x8086;
constexpr std::uint16_t kDevice = 0x7020;
constexpr std::uint8_t kRevision = 0x01;
constexpr std::uint32_t kClassUhci = 0x0c0300;
constexpr std::uint8_t kInterruptPin = 4; // INTD

constexpr unsigned kPortsBar = 4; // USBBA
constexpr unsigned kRegisters = 32; // bytes
// Serial bus release number: USB 1.0.
constexpr unsigned kReleaseNumber = 0x60;
constexpr std::uint8_t kRelease10 = 0x10;
// LEGSUP, UHCI 5.2: the legacy support register. Nothing traps ports 60h and 64h here: a PS/2 keyboard is there.
constexpr unsigned kLegacySupport = 0xc0;
constexpr std::uint16_t kLegacyDefault = 0x2000;
constexpr std::uint8_t kLegacyLowWritable = 0xbf;
constexpr std::uint8_t kLegacyHighWritable = 0x20;
constexpr std::uint8_t kLegacyHighClearByOne = 0x8f;
constexpr std::uint16_t kLegacyInterruptStatus = 1 << 12; // USBIRQS
constexpr std::uint16_t kLegacyInterruptEnable = 1 << 13; // USBPIRQDEN

// Status bits of the PCI header.
constexpr std::uint16_t kStatusMasterAbort = 1 << 13;

// Offsets of registers, 2.1.
namespace reg {
constexpr unsigned kCommand = 0x00;
constexpr unsigned kStatus = 0x02;
constexpr unsigned kInterruptEnable = 0x04;
constexpr unsigned kFrameNumber = 0x06;
constexpr unsigned kFrameListLow = 0x08;
constexpr unsigned kFrameListHigh = 0x0a;
constexpr unsigned kStartOfFrame = 0x0c; // SOFMOD, one byte
constexpr unsigned kPort1 = 0x10; // PORTSC, two bytes for each port
} // namespace reg

// USBCMD, 2.1.1.
namespace command {
constexpr std::uint16_t kRun = 1 << 0;
constexpr std::uint16_t kHostReset = 1 << 1;
constexpr std::uint16_t kGlobalReset = 1 << 2;
constexpr std::uint16_t kGlobalSuspend = 1 << 3;
constexpr std::uint16_t kForceResume = 1 << 4;
constexpr std::uint16_t kSoftwareDebug = 1 << 5;
constexpr std::uint16_t kConfigured = 1 << 6;
constexpr std::uint16_t kMaxPacket64 = 1 << 7; // of bandwidth reclamation: no packet here is so long
constexpr std::uint16_t kBits = 0xff;
} // namespace command

// USBSTS, 2.1.2. That the controller has halted follows from the command register.
namespace status {
constexpr std::uint16_t kInterrupt = 1 << 0;
constexpr std::uint16_t kError = 1 << 1;
constexpr std::uint16_t kResume = 1 << 2;
constexpr std::uint16_t kSystemError = 1 << 3;
constexpr std::uint16_t kProcessError = 1 << 4;
constexpr std::uint16_t kHalted = 1 << 5;
constexpr std::uint16_t kBits = 0x1f; // that are kept
} // namespace status

// USBINTR, 2.1.3.
namespace interrupt {
constexpr std::uint16_t kError = 1 << 0; // "timeout/CRC"
constexpr std::uint16_t kResume = 1 << 1;
constexpr std::uint16_t kComplete = 1 << 2;
constexpr std::uint16_t kShortPacket = 1 << 3;
constexpr std::uint16_t kBits = 0x0f;
} // namespace interrupt

constexpr std::uint16_t kFrameNumberBits = 0x7ff;
constexpr std::uint16_t kFrameListEntries = 1024;
constexpr std::uint32_t kFrameListAddress = 0xffff'f000;
constexpr std::uint8_t kStartOfFrameDefault = 64;
constexpr std::uint8_t kStartOfFrameBits = 0x7f;
// A frame's length in bits at 12 MHz, 2.1.6, is this more than SOFMOD.
constexpr unsigned kShortestFrameBits = 11'936;

// PORTSC, 2.1.7.
namespace port {
constexpr std::uint16_t kConnected = 1 << 0;
constexpr std::uint16_t kConnectChange = 1 << 1;
constexpr std::uint16_t kEnabled = 1 << 2;
constexpr std::uint16_t kEnableChange = 1 << 3;
constexpr std::uint16_t kDataPlus = 1 << 4; // high while a full-speed device is idle
constexpr std::uint16_t kResume = 1 << 6;
constexpr std::uint16_t kAlwaysOne = 1 << 7;
constexpr std::uint16_t kReset = 1 << 9;
constexpr std::uint16_t kSuspend = 1 << 12;
constexpr std::uint16_t kClearByOne = kConnectChange | kEnableChange;
constexpr std::uint16_t kWritable = kEnabled | kResume | kReset | kSuspend;
constexpr std::uint16_t kKept = kConnected | kClearByOne | kWritable;
} // namespace port

// Link pointers, 3.1 to 3.3.
namespace link {
constexpr std::uint32_t kTerminate = 1 << 0;
constexpr std::uint32_t kQueue = 1 << 1; // to a queue head, not a transfer descriptor
constexpr std::uint32_t kDepthFirst = 1 << 2;
constexpr std::uint32_t kAddress = 0xffff'fff0;
} // namespace link

// The control and status dword of a transfer descriptor, 3.2.2.
namespace td {
constexpr std::uint32_t kActualLength = 0x7ff; // one less than the bytes
constexpr std::uint32_t kTimeout = 1 << 18; // "CRC/time out error"
constexpr std::uint32_t kNak = 1 << 19;
constexpr std::uint32_t kBabble = 1 << 20;
constexpr std::uint32_t kStalled = 1 << 22;
constexpr std::uint32_t kActive = 1 << 23;
constexpr std::uint32_t kInterruptOnComplete = 1 << 24;
constexpr std::uint32_t kIsochronous = 1 << 25;
constexpr std::uint32_t kLowSpeed = 1 << 26;
constexpr unsigned kErrorCountShift = 27;
constexpr std::uint32_t kErrorCount = 3U << kErrorCountShift; // C_ERR
constexpr std::uint32_t kShortPacketDetect = 1 << 29;

// The token dword, 3.2.3.
constexpr unsigned kAddressShift = 8;
constexpr std::uint32_t kAddressBits = 0x7f;
constexpr unsigned kEndpointShift = 15;
constexpr std::uint32_t kEndpointBits = 0x0f;
constexpr std::uint32_t kToggle = 1 << 19;
constexpr unsigned kLengthShift = 21;
constexpr std::uint32_t kNoData = 0x7ff; // of the length
constexpr std::uint32_t kLongestLength = 0x4ff; // others are a "consistency check failure"
} // namespace td

// What a frame holds, 3.4: no more than this many byte times of transactions. A transaction takes its data and, for
// synchronisation, identifiers, check sums and the turns of the bus, as USB 2.0, 5.7.3 has it, this many more.
constexpr unsigned kFrameByteTimes = 1280;
constexpr unsigned kTransactionByteTimes = 13;

} // namespace windsor::devices::uhci
