// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82540EM: "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual", 317453, revision 4.0.
// Its section numbers stand in this folder without its name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace windsor::devices::e1000 {

// Configuration space, section 4.1. The function has neither PCI-X nor message signalled interrupts here.
constexpr std::uint16_t kVendor = 0x8086;
constexpr std::uint16_t kDevice = 0x100e;
constexpr std::uint32_t kClassEthernet = 0x020000;
constexpr std::uint8_t kRevision = 0x03;
constexpr std::uint16_t kSubsystem = 0x001e; // PRO/1000 MT Desktop Adapter
constexpr unsigned kMemoryBar = 0;
constexpr std::uint32_t kMemorySize = 128 * 1024;
constexpr unsigned kIoBar = 2;
constexpr std::uint32_t kIoSize = 64;

// Section 6.3.3: power management registers. Nothing here leads a PME# to the board, so no state claims it.
namespace pm {
constexpr unsigned kCapability = 0xdc;
constexpr std::uint8_t kId = 0x01;
constexpr std::uint16_t kCapabilities = 0x0022; // version 1.1, device specific initialization
constexpr unsigned kControl = kCapability + 4;
constexpr std::uint16_t kStateMask = 3; // 0: D0, 3: D3hot
} // namespace pm

// The I/O space, section 13.2.2.
constexpr unsigned kIoAddress = 0;
constexpr unsigned kIoData = 4;

// Memory registers, section 13.2, table 13-2.
namespace reg {
constexpr std::uint32_t kCtrl = 0x0000;
constexpr std::uint32_t kCtrlDup = 0x0004;
constexpr std::uint32_t kStatus = 0x0008;
constexpr std::uint32_t kEecd = 0x0010;
constexpr std::uint32_t kEerd = 0x0014;
constexpr std::uint32_t kCtrlExt = 0x0018;
constexpr std::uint32_t kMdic = 0x0020;
constexpr std::uint32_t kFcal = 0x0028;
constexpr std::uint32_t kFcah = 0x002c;
constexpr std::uint32_t kFct = 0x0030;
constexpr std::uint32_t kVet = 0x0038;
constexpr std::uint32_t kIcr = 0x00c0;
constexpr std::uint32_t kItr = 0x00c4;
constexpr std::uint32_t kIcs = 0x00c8;
constexpr std::uint32_t kIms = 0x00d0;
constexpr std::uint32_t kImc = 0x00d8;
constexpr std::uint32_t kRctl = 0x0100;
constexpr std::uint32_t kFcttv = 0x0170;
constexpr std::uint32_t kTxcw = 0x0178;
constexpr std::uint32_t kTctl = 0x0400;
constexpr std::uint32_t kTipg = 0x0410;
constexpr std::uint32_t kAit = 0x0458;
constexpr std::uint32_t kLedctl = 0x0e00;
constexpr std::uint32_t kPba = 0x1000;
constexpr std::uint32_t kFcrtl = 0x2160;
constexpr std::uint32_t kFcrth = 0x2168;
constexpr std::uint32_t kRdfh = 0x2410;
constexpr std::uint32_t kRdft = 0x2418;
constexpr std::uint32_t kRdfhs = 0x2420;
constexpr std::uint32_t kRdfts = 0x2428;
constexpr std::uint32_t kRdfpc = 0x2430;
constexpr std::uint32_t kRdbal = 0x2800;
constexpr std::uint32_t kRdbah = 0x2804;
constexpr std::uint32_t kRdlen = 0x2808;
constexpr std::uint32_t kRdh = 0x2810;
constexpr std::uint32_t kRdt = 0x2818;
constexpr std::uint32_t kRdtr = 0x2820;
constexpr std::uint32_t kRxdctl = 0x2828;
constexpr std::uint32_t kRadv = 0x282c;
constexpr std::uint32_t kRsrpd = 0x2c00;
constexpr std::uint32_t kTxdmac = 0x3000;
constexpr std::uint32_t kTdfh = 0x3410;
constexpr std::uint32_t kTdft = 0x3418;
constexpr std::uint32_t kTdfhs = 0x3420;
constexpr std::uint32_t kTdfts = 0x3428;
constexpr std::uint32_t kTdfpc = 0x3430;
constexpr std::uint32_t kTdbal = 0x3800;
constexpr std::uint32_t kTdbah = 0x3804;
constexpr std::uint32_t kTdlen = 0x3808;
constexpr std::uint32_t kTdh = 0x3810;
constexpr std::uint32_t kTdt = 0x3818;
constexpr std::uint32_t kTidv = 0x3820;
constexpr std::uint32_t kTxdctl = 0x3828;
constexpr std::uint32_t kTadv = 0x382c;
constexpr std::uint32_t kTspmt = 0x3830;
constexpr std::uint32_t kStatistics = 0x4000; // to 40fch
constexpr std::uint32_t kRxcsum = 0x5000;
constexpr std::uint32_t kMta = 0x5200;
constexpr std::uint32_t kRa = 0x5400;
constexpr std::uint32_t kVfta = 0x5600;
constexpr std::uint32_t kWuc = 0x5800;
constexpr std::uint32_t kWufc = 0x5808;
constexpr std::uint32_t kManc = 0x5820;
constexpr std::uint32_t kPacketBuffer = 0x10000; // to 1ffffh
} // namespace reg

// Section 13.4.1.
namespace ctrl {
constexpr std::uint32_t kFullDuplex = 1 << 0;
constexpr std::uint32_t kLinkReset = 1 << 3;
constexpr std::uint32_t kSetLinkUp = 1 << 6;
constexpr unsigned kSpeedShift = 8;
constexpr std::uint32_t kForceSpeed = 1 << 11;
constexpr std::uint32_t kForceDuplex = 1 << 12;
constexpr std::uint32_t kReset = 1 << 26;
constexpr std::uint32_t kReceiveFlowControl = 1 << 27;
constexpr std::uint32_t kVlanMode = 1 << 30;
constexpr std::uint32_t kPhyReset = std::uint32_t{1} << 31;
} // namespace ctrl

// Section 13.4.2.
namespace status {
constexpr std::uint32_t kFullDuplex = 1 << 0;
constexpr std::uint32_t kLinkUp = 1 << 1;
constexpr unsigned kSpeedShift = 6;         // 0: 10, 1: 100, 2: 1000 Mb/s
constexpr unsigned kDetectedSpeedShift = 8; // ASDV
} // namespace status

// Section 13.4.3.
namespace eecd {
constexpr std::uint32_t kClock = 1 << 0;
constexpr std::uint32_t kChipSelect = 1 << 1;
constexpr std::uint32_t kDataIn = 1 << 2; // of the EEPROM
constexpr std::uint32_t kDataOut = 1 << 3;
constexpr std::uint32_t kFlashWriteDisabled = 1 << 4;
constexpr std::uint32_t kFlashWriteMask = 3 << 4;
constexpr std::uint32_t kRequest = 1 << 6;
constexpr std::uint32_t kGrant = 1 << 7;
constexpr std::uint32_t kPresent = 1 << 8;
constexpr std::uint32_t kKept = kClock | kChipSelect | kDataIn | kFlashWriteMask | kRequest;
} // namespace eecd

// Section 13.4.4.
namespace eerd {
constexpr std::uint32_t kStart = 1 << 0;
constexpr std::uint32_t kDone = 1 << 4;
constexpr unsigned kAddressShift = 8;
constexpr unsigned kDataShift = 16;
constexpr std::uint32_t kAddressMask = 0xff << kAddressShift;
} // namespace eerd

// Section 13.4.5.
namespace ctrl_ext {
constexpr std::uint32_t kEepromReset = 1 << 13;
constexpr std::uint32_t kWritable = 0x01c0'8fff | kEepromReset; // software definable pins, and what drivers set
} // namespace ctrl_ext

// Section 13.4.6.
namespace mdic {
constexpr unsigned kRegisterShift = 16;
constexpr unsigned kPhyShift = 21;
constexpr std::uint32_t kOperation = 3 << 26;
constexpr std::uint32_t kWrite = 1 << 26;
constexpr std::uint32_t kRead = 2 << 26;
constexpr std::uint32_t kReady = 1 << 28;
constexpr std::uint32_t kInterruptEnable = 1 << 29;
constexpr std::uint32_t kError = 1 << 30;
constexpr std::uint32_t kMask = 0x7fff'ffff;
constexpr unsigned kPhyAddress = 1;
} // namespace mdic

// Causes of interrupts, section 13.4.17.
namespace cause {
constexpr std::uint32_t kTransmitted = 1 << 0;      // TXDW
constexpr std::uint32_t kTransmitEmpty = 1 << 1;    // TXQE
constexpr std::uint32_t kLinkChange = 1 << 2;       // LSC
constexpr std::uint32_t kSequenceError = 1 << 3;    // RXSEQ
constexpr std::uint32_t kReceiveThreshold = 1 << 4; // RXDMT0
constexpr std::uint32_t kOverrun = 1 << 6;          // RXO
constexpr std::uint32_t kReceived = 1 << 7;         // RXT0
constexpr std::uint32_t kMdioDone = 1 << 9;         // MDAC
constexpr std::uint32_t kConfiguration = 1 << 10;   // RXCFG
constexpr std::uint32_t kPhy = 1 << 12;
constexpr std::uint32_t kPins = 3 << 13;
constexpr std::uint32_t kTransmitLow = 1 << 15;     // TXD_LOW
constexpr std::uint32_t kSmallReceived = 1 << 16;   // SRPD
// Linux's self test wants the reserved ones among the first ten to interrupt, too.
constexpr std::uint32_t kAll = 0x1'ffff;
} // namespace cause

// Section 13.4.22.
namespace rctl {
constexpr std::uint32_t kEnable = 1 << 1;
constexpr std::uint32_t kStoreBad = 1 << 2;
constexpr std::uint32_t kUnicastPromiscuous = 1 << 3;
constexpr std::uint32_t kMulticastPromiscuous = 1 << 4;
constexpr std::uint32_t kLong = 1 << 5;
constexpr std::uint32_t kLoopback = 3 << 6;
constexpr unsigned kThresholdShift = 8;
constexpr unsigned kMulticastShift = 12;
constexpr std::uint32_t kBroadcast = 1 << 15;
constexpr unsigned kSizeShift = 16;
constexpr std::uint32_t kVlanFilter = 1 << 18;
constexpr std::uint32_t kPassControl = 1 << 23;
constexpr std::uint32_t kSizeExtension = 1 << 25;
constexpr std::uint32_t kStripCrc = 1 << 26;
constexpr std::uint32_t kWritable = 0x06df'b3fe;
} // namespace rctl

// Section 13.4.33.
namespace tctl {
constexpr std::uint32_t kEnable = 1 << 1;
constexpr std::uint32_t kPad = 1 << 3;
constexpr std::uint32_t kWritable = 0x03ff'fffa;
} // namespace tctl

// Section 13.4.31 and others: the unit of delays, and of intervals between interrupts (section 13.4.18).
constexpr std::int64_t kDelayUnit = 1024;  // ns
constexpr std::int64_t kIntervalUnit = 256; // ns
constexpr std::uint32_t kFlushPartial = std::uint32_t{1} << 31; // FPD of RDTR and TIDV

// Section 13.4.41: TXDCTL.
constexpr unsigned kLowThresholdShift = 25; // in units of eight descriptors

// Section 13.5.1: RXCSUM.
namespace rxcsum {
constexpr std::uint32_t kStart = 0xff;
constexpr std::uint32_t kIp = 1 << 8;
constexpr std::uint32_t kTransport = 1 << 9;
constexpr std::uint32_t kIpv6 = 1 << 10;
constexpr std::uint32_t kWritable = 0x7ff;
} // namespace rxcsum

// Section 13.5.3.
namespace rah {
constexpr std::uint32_t kSelectSource = 1 << 16;
constexpr std::uint32_t kSelect = 3 << 16;
constexpr std::uint32_t kValid = std::uint32_t{1} << 31;
constexpr std::uint32_t kWritable = 0x8003'ffff;
} // namespace rah

// A descriptor of either ring has this many bytes, and rings are multiples of eight of them.
constexpr std::uint32_t kDescriptorSize = 16;
constexpr std::uint32_t kRingLengthMask = 0x000f'ff80;
constexpr std::uint32_t kRingBaseMask = ~std::uint32_t{15};
constexpr std::uint32_t kIndexMask = 0xffff;

// Section 3.2.3.
namespace receive_status {
constexpr std::uint8_t kDone = 1 << 0;
constexpr std::uint8_t kEndOfPacket = 1 << 1;
constexpr std::uint8_t kIgnoreChecksums = 1 << 2;
constexpr std::uint8_t kVlan = 1 << 3;
constexpr std::uint8_t kTransportChecked = 1 << 5;
constexpr std::uint8_t kIpChecked = 1 << 6;
constexpr std::uint8_t kInexact = 1 << 7;
} // namespace receive_status
namespace receive_error {
constexpr std::uint8_t kTransportChecksum = 1 << 5;
constexpr std::uint8_t kIpChecksum = 1 << 6;
} // namespace receive_error

// Sections 3.3.3 to 3.3.7: the third dword of a transmit descriptor.
namespace transmit {
constexpr std::uint32_t kLegacyLength = 0xffff;
constexpr std::uint32_t kLength = 0xf'ffff;
constexpr std::uint32_t kType = 0xf << 20;
constexpr std::uint32_t kData = 1 << 20;
constexpr std::uint32_t kEndOfPacket = 1 << 24;
constexpr std::uint32_t kInsertFcs = 1 << 25;
constexpr std::uint32_t kInsertChecksum = 1 << 26; // of legacy descriptors
constexpr std::uint32_t kSegment = 1 << 26;        // of the others: TSE
constexpr std::uint32_t kReportStatus = 1 << 27;
constexpr std::uint32_t kExtension = 1 << 29;
constexpr std::uint32_t kVlan = 1 << 30;
constexpr std::uint32_t kDelayInterrupt = std::uint32_t{1} << 31;
// Of a context.
constexpr std::uint32_t kTcp = 1 << 24;
constexpr std::uint32_t kIpv4 = 1 << 25;
// The fourth dword.
constexpr std::uint32_t kDone = 1 << 0;
constexpr std::uint32_t kStatusMask = 0xf;
constexpr std::uint32_t kIpChecksum = 1 << 8;        // POPTS.IXSM
constexpr std::uint32_t kTransportChecksum = 1 << 9; // POPTS.TXSM
} // namespace transmit

constexpr std::size_t kFcsSize = 4;
constexpr std::size_t kVlanTagSize = 4;
constexpr std::size_t kLeastFrame = 60;           // without frame check sequence
constexpr std::size_t kLongestStandard = 1522;    // with frame check sequence and VLAN tag
constexpr std::size_t kTypeOffset = 12;           // of the frame's type field
constexpr std::size_t kEepromWords = 64;
constexpr unsigned kReceiveAddresses = 16;

} // namespace windsor::devices::e1000
