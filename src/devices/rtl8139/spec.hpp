// SPDX-License-Identifier: GPL-2.0-or-later
// Registers and descriptors of the Realtek RTL8139C(L)+ (its datasheet, chapters 5 to 9), which is an RTL8139C(L) with
// rings of descriptors and offloads besides: the "C+ mode".
#pragma once

#include <cstddef>
#include <cstdint>

namespace windsor::devices::rtl8139 {

constexpr std::uint16_t kVendor = 0x10ec;
constexpr std::uint16_t kDevice = 0x8139;
constexpr std::uint32_t kClassEthernet = 0x020000;
constexpr std::uint8_t kRevision = 0x20; // by which drivers tell the C+ from older ones
constexpr std::uint8_t kInterruptPin = 1;
constexpr std::uint8_t kMinGrant = 0x20; // in units of 250 ns, as its EEPROM says
constexpr std::uint8_t kMaxLatency = 0x40;

// The same registers in ports (base address register 0) and in memory (1).
constexpr unsigned kPortsBar = 0;
constexpr unsigned kMemoryBar = 1;
constexpr unsigned kRegisters = 256;

// Configuration space, 7.1: the power management capability (PCI Bus Power Management Interface 1.1).
constexpr unsigned kPowerCapability = 0x50;
constexpr std::uint8_t kPowerCapabilityId = 1;
constexpr std::uint16_t kPowerCapabilities = 0xf7c2; // version 2, D1, D2, PME# from D1 to D3
constexpr unsigned kPowerControl = kPowerCapability + 4;
constexpr std::uint8_t kPowerState = 3; // D0 to D3
constexpr std::uint8_t kPmeEnable = 1;  // in the second byte
constexpr std::uint8_t kPmeStatus = 1 << 7;

// Offsets of registers, chapter 5; those of bytes and words lie within the dwords of the second list.
namespace reg {
constexpr unsigned kId = 0x00;
constexpr unsigned kMulticast = 0x08;
constexpr unsigned kTransmitStatus = 0x10;  // four dwords
constexpr unsigned kTally = 0x10;           // DTCCR, two dwords, in C+ mode
constexpr unsigned kTransmitAddress = 0x20; // four dwords
constexpr unsigned kNormalRing = 0x20;      // TNPDS, the first two of them, in C+ mode
constexpr unsigned kHighRing = 0x28;        // THPDS, the others
constexpr unsigned kReceiveStart = 0x30;
constexpr unsigned kCommand = 0x37;
constexpr unsigned kReadPointer = 0x38;  // CAPR
constexpr unsigned kWritePointer = 0x3a; // CBR
constexpr unsigned kInterruptMask = 0x3c;
constexpr unsigned kInterruptStatus = 0x3e;
constexpr unsigned kTransmitConfig = 0x40;
constexpr unsigned kReceiveConfig = 0x44;
constexpr unsigned kTimerCount = 0x48;
constexpr unsigned kMissed = 0x4c;
constexpr unsigned kEepromCommand = 0x50; // 9346CR
constexpr unsigned kConfig0 = 0x51;
constexpr unsigned kConfig1 = 0x52;
constexpr unsigned kTimerInterrupt = 0x54;
constexpr unsigned kMediaStatus = 0x58;
constexpr unsigned kConfig3 = 0x59;
constexpr unsigned kConfig4 = 0x5a;
constexpr unsigned kMultipleInterrupt = 0x5c;
constexpr unsigned kRevisionId = 0x5e;
constexpr unsigned kTransmitSummary = 0x60; // TSAD
constexpr unsigned kBasicControl = 0x62;
constexpr unsigned kBasicStatus = 0x64;
constexpr unsigned kAdvertised = 0x66;
constexpr unsigned kPartner = 0x68;
constexpr unsigned kExpansion = 0x6a;
constexpr unsigned kDisconnects = 0x6c;
constexpr unsigned kConnectionConfig = 0x74; // CSCR
constexpr unsigned kParameters = 0x78;       // of the transceiver, and of wake-up frames
constexpr unsigned kTransmitDone = 0x82;     // the low word of the last descriptor's address
constexpr unsigned kParametersEnd = 0xd4;
constexpr unsigned kConfig5 = 0xd8;
constexpr unsigned kTransmitPoll = 0xd9;
constexpr unsigned kPlusCommand = 0xe0; // CPCR
constexpr unsigned kReceiveRing = 0xe4; // RDSAR, two dwords
constexpr unsigned kEarlyTransmit = 0xec;
} // namespace reg

// TSD, 5.2.
namespace tsd {
constexpr std::uint32_t kSize = 0x1fff;
constexpr std::uint32_t kOwn = 1 << 13; // the driver's; the chip's while it is clear
constexpr std::uint32_t kUnderrun = 1 << 14;
constexpr std::uint32_t kOk = 1 << 15;
constexpr std::uint32_t kThreshold = 0x3f << 16;
constexpr std::uint32_t kAborted = 1 << 30;
constexpr std::uint32_t kCarrierLost = std::uint32_t{1} << 31;
constexpr std::uint32_t kWritable = kSize | kOwn | kThreshold;
constexpr std::uint32_t kBits = 0xff3fffff;
} // namespace tsd
constexpr unsigned kTransmitters = 4;

// CR, 5.5.
namespace command {
constexpr std::uint8_t kBufferEmpty = 1 << 0;
constexpr std::uint8_t kTransmit = 1 << 2;
constexpr std::uint8_t kReceive = 1 << 3;
constexpr std::uint8_t kReset = 1 << 4;
} // namespace command

// IMR and ISR, 5.6 and 5.7.
namespace interrupt {
constexpr std::uint16_t kReceived = 1 << 0;
constexpr std::uint16_t kTransmitted = 1 << 2;
constexpr std::uint16_t kTransmitError = 1 << 3;
constexpr std::uint16_t kReceiveOverflow = 1 << 4; // in C+ mode: no receive descriptor
constexpr std::uint16_t kLinkChange = 1 << 5;
constexpr std::uint16_t kFifoOverflow = 1 << 6;
constexpr std::uint16_t kNoTransmitDescriptor = 1 << 7;
constexpr std::uint16_t kSoftware = 1 << 8;
constexpr std::uint16_t kTimeout = 1 << 14;
constexpr std::uint16_t kSystemError = 1 << 15;
constexpr std::uint16_t kBits = 0xe1ff;
} // namespace interrupt

// TCR, 5.8.
namespace tcr {
constexpr std::uint32_t kNoCrc = 1 << 16; // frames come with their frame check sequence
constexpr std::uint32_t kLoopback = 3 << 17;
constexpr std::uint32_t kVersion = 0x74800000; // HWVERID: RTL8139C+
constexpr std::uint32_t kWritable = 0x03070700 | 0xf0;
constexpr std::uint32_t kDefault = 0x03000000; // the interframe gap of IEEE 802.3
} // namespace tcr

// RCR, 5.9.
namespace rcr {
constexpr std::uint32_t kAllPhysical = 1 << 0;
constexpr std::uint32_t kOwnPhysical = 1 << 1;
constexpr std::uint32_t kMulticast = 1 << 2;
constexpr std::uint32_t kBroadcast = 1 << 3;
constexpr std::uint32_t kErrors = 1 << 5;
constexpr std::uint32_t kNoWrap = 1 << 7; // WRAP: frames go on behind the end of the buffer
constexpr unsigned kLengthShift = 11;     // the buffer has 8 KiB << RBLEN
constexpr std::uint32_t kLength = 3 << kLengthShift;
constexpr std::uint32_t kWritable = 0x0f03ffbf;
} // namespace rcr
constexpr std::uint32_t kLeastReceiveBuffer = 8192;
constexpr std::uint16_t kReadPointerBehind = 16; // CAPR is by so much less than where the driver reads
constexpr std::uint16_t kReadPointerDefault = 0xfff0;

// The header of a received frame in the buffer: RSR, 5.3, and the length.
namespace rsr {
constexpr std::uint16_t kOk = 1 << 0;
constexpr std::uint16_t kLong = 1 << 3;
constexpr std::uint16_t kBroadcast = 1 << 13;
constexpr std::uint16_t kPhysical = 1 << 14;
constexpr std::uint16_t kMulticast = 1 << 15;
} // namespace rsr
constexpr std::size_t kReceiveHeader = 4;
constexpr std::size_t kFrameCheck = 4;
constexpr std::size_t kLeastFrame = 60;            // without its check; a wire carries no shorter ones
constexpr std::size_t kLongFrame = 4096;           // with its check: longer ones are errors
constexpr std::size_t kLongestReceivedFrame = 8191; // with its check: what the length of a descriptor can say

constexpr std::uint32_t kMissedBits = 0xffffff;

// 9346CR, 5.11.
namespace eeprom_command {
constexpr std::uint8_t kDataOut = 1 << 0;
constexpr std::uint8_t kDataIn = 1 << 1;
constexpr std::uint8_t kClock = 1 << 2;
constexpr std::uint8_t kSelect = 1 << 3;
constexpr std::uint8_t kMode = 3 << 6;
constexpr std::uint8_t kAutoLoad = 1 << 6;
constexpr std::uint8_t kProgram = 2 << 6;
constexpr std::uint8_t kWriteConfig = 3 << 6;
constexpr std::uint8_t kWritable = kMode | kSelect | kClock | kDataIn;
} // namespace eeprom_command

// CONFIG1 to CONFIG5, 5.12 to 5.17: what is writable of them, and what is always set.
constexpr std::uint8_t kConfig1Writable = 0xf1;
constexpr std::uint8_t kConfig1Fixed = 0x0c; // the registers are in ports and in memory
constexpr std::uint8_t kConfig3Writable = 0xf0;
constexpr std::uint8_t kConfig5Writable = 0x7f;

// MSR, 5.14.
namespace msr {
constexpr std::uint8_t kNoLink = 1 << 2;
constexpr std::uint8_t kSpeed10 = 1 << 3;
constexpr std::uint8_t kAuxiliaryPower = 1 << 4;
constexpr std::uint8_t kFlowControl = 3 << 6; // TXFCE and RXFCE
} // namespace msr

// BMCR, BMSR and ANAR, 5.20 to 5.24; IEEE 802.3, 22.2.4.
namespace mii {
constexpr std::uint16_t kReset = 1 << 15;
constexpr std::uint16_t kSpeed100 = 1 << 13;
constexpr std::uint16_t kNegotiate = 1 << 12;
constexpr std::uint16_t kFullDuplex = 1 << 8;
constexpr std::uint16_t kControlWritable = kSpeed100 | kNegotiate | kFullDuplex; // if CONFIG registers are
constexpr std::uint16_t kControlDefault = kControlWritable;
constexpr std::uint16_t kAbilities = 0x7809;
constexpr std::uint16_t kLink = 1 << 2;
constexpr std::uint16_t kNegotiated = 1 << 5;
constexpr std::uint16_t kAdvertisedWritable = 0xa7ff;
constexpr std::uint16_t kAdvertisedDefault = 0x05e1; // pause, 100BASE-TX and 10BASE-T, both full and half duplex
constexpr std::uint16_t kAdvertised100 = 0x0180;
constexpr std::uint16_t kPartnerAbilities = 0x45e1; // the same, acknowledged
constexpr std::uint16_t kPartnerNegotiates = 1 << 0;
} // namespace mii

// CSCR, 5.29. The two bits about changes are in no datasheet, but drivers know them.
namespace cscr {
constexpr std::uint16_t kWritable = 0x83e5;
constexpr std::uint16_t kDefault = 0x03c0;
constexpr std::uint16_t kConnected = 1 << 3;
constexpr std::uint16_t kLinkOk = 1 << 10;
constexpr std::uint16_t kLinkChanged = 1 << 11;
} // namespace cscr

// TPPoll, 5.33.
namespace poll {
constexpr std::uint8_t kSoftwareInterrupt = 1 << 0;
constexpr std::uint8_t kNormal = 1 << 6;
constexpr std::uint8_t kHigh = 1 << 7;
} // namespace poll

// CPCR, 5.34.
namespace cpcr {
constexpr std::uint16_t kTransmit = 1 << 0;
constexpr std::uint16_t kReceive = 1 << 1;
constexpr std::uint16_t kChecksum = 1 << 5;
constexpr std::uint16_t kVlan = 1 << 6;
constexpr std::uint16_t kWritable = 0x007b;
} // namespace cpcr

// DTCCR, 5.4.
constexpr std::uint32_t kTallyDump = 1 << 3;
constexpr std::uint64_t kTallyAddress = ~std::uint64_t{63};
constexpr std::size_t kTallyBytes = 64;

constexpr std::uint16_t kMultipleInterruptBits = 0x0fff;
constexpr std::uint8_t kEarlyTransmitBits = 0x3f;

// TCTR counts the cycles of the PCI bus.
constexpr std::uint64_t kTimerMegahertz = 33;

// Descriptors of C+ mode, 9.2 and 9.3: 16 bytes each, of a ring of at most 64 that begins at a multiple of 256.
constexpr std::size_t kDescriptorBytes = 16;
constexpr unsigned kRingDescriptors = 64;
constexpr std::uint64_t kRingAddress = ~std::uint64_t{255};
namespace descriptor {
constexpr std::uint32_t kOwn = std::uint32_t{1} << 31; // the chip's
constexpr std::uint32_t kEndOfRing = 1 << 30;
constexpr std::uint32_t kFirst = 1 << 29;
constexpr std::uint32_t kLast = 1 << 28;
} // namespace descriptor
namespace transmit {
constexpr std::uint32_t kLargeSend = 1 << 27;
constexpr unsigned kMssShift = 16;
constexpr std::uint32_t kMss = 0x7ff;
constexpr std::uint32_t kIpChecksum = 1 << 18;
constexpr std::uint32_t kUdpChecksum = 1 << 17;
constexpr std::uint32_t kTcpChecksum = 1 << 16;
constexpr std::uint32_t kSize = 0xffff;
constexpr std::uint32_t kInsertTag = 1 << 17; // in the second dword
// Afterwards.
constexpr std::uint32_t kUnderrun = 1 << 25;
constexpr std::uint32_t kError = 1 << 23;
constexpr std::uint32_t kLinkFailure = 1 << 21;
constexpr std::uint32_t kKept = descriptor::kEndOfRing | descriptor::kFirst | descriptor::kLast | kSize;
} // namespace transmit
// An IP packet of 65,535 bytes behind a header with a VLAN tag, and a little more.
constexpr std::size_t kLongestLargeSend = 65'600;
// What a descriptor or a frame costs besides its bytes, in bytes.
constexpr std::size_t kFixedWork = 64;
// Of the headers that each of its segments begins with: more than those of IP and TCP with all options.
constexpr std::size_t kLongestHeaders = 256;
namespace received {
constexpr std::uint32_t kSize = 0x1fff;
constexpr std::uint32_t kTcpWrong = 1 << 13;
constexpr std::uint32_t kUdpWrong = 1 << 14;
constexpr std::uint32_t kIpWrong = 1 << 15;
constexpr std::uint32_t kTcp = 1 << 16;
constexpr std::uint32_t kUdp = 2 << 16;
constexpr std::uint32_t kOtherIp = 3 << 16;
constexpr std::uint32_t kError = 1 << 20;
constexpr std::uint32_t kLong = 1 << 21;
constexpr std::uint32_t kBroadcast = 1 << 24;
constexpr std::uint32_t kPhysical = 1 << 25;
constexpr std::uint32_t kMulticast = 1 << 26;
constexpr std::uint32_t kTagged = 1 << 16; // in the second dword
} // namespace received

// IEEE 802.1Q.
constexpr std::size_t kVlanTagAt = 12;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::uint16_t kVlanType = 0x8100;

// PCI 3.0, 6.2.3: what a master finds out when nobody answers it.
constexpr std::uint16_t kStatusMasterAbort = 1 << 13;

} // namespace windsor::devices::rtl8139
