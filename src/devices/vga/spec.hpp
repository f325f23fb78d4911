// SPDX-License-Identifier: GPL-2.0-or-later
// Register numbers and bits of the standard VGA (IBM PS/2 Hardware Interface Technical Reference, "Video
// Subsystem") and of the Bochs VBE extension ("DISPI", vgabios' vbe_display_api.txt; register window:
// QEMU docs/specs/standard-vga).
#pragma once

#include <cstdint>

namespace windsor::devices::vga {

// Of the standard VGA, if nothing else is asked for, and at most. What the VGA's own modes reach is the least.
constexpr std::uint64_t kVramSize = std::uint64_t{16} << 20;
constexpr std::uint64_t kMostVram = std::uint64_t{256} << 20;
constexpr std::uint32_t kLeastVram = 4 * 65536;
constexpr unsigned kMaxWidth = 4096;  // pixels
constexpr unsigned kMaxHeight = 4096; // pixels

// The legacy memory window, guest-physical A0000h-BFFFFh.
constexpr std::uint64_t kWindowStart = 0xa0000;
constexpr std::uint64_t kWindowSize = 0x20000;

// The legacy ports, 3B0h-3DFh.
constexpr std::uint16_t kPortsStart = 0x3b0;
constexpr std::uint16_t kPortsSize = 0x30;

namespace port {
constexpr unsigned kAttribute = 0x3c0;      // index and data by flip-flop
constexpr unsigned kAttributeRead = 0x3c1;  // data
constexpr unsigned kMiscOutput = 0x3c2;     // written; reads input status 0
constexpr unsigned kVideoEnable = 0x3c3;
constexpr unsigned kSequencerIndex = 0x3c4;
constexpr unsigned kSequencerData = 0x3c5;
constexpr unsigned kPelMask = 0x3c6;
constexpr unsigned kDacReadIndex = 0x3c7;   // reads DAC state
constexpr unsigned kDacWriteIndex = 0x3c8;
constexpr unsigned kDacData = 0x3c9;
constexpr unsigned kFeatureRead = 0x3ca;
constexpr unsigned kMiscRead = 0x3cc;
constexpr unsigned kGraphicsIndex = 0x3ce;
constexpr unsigned kGraphicsData = 0x3cf;
constexpr unsigned kCrtcIndex = 0x3d4;      // 3B4h in monochrome emulation
constexpr unsigned kCrtcData = 0x3d5;       // 3B5h
constexpr unsigned kInputStatus1 = 0x3da;   // 3BAh; written: feature control
} // namespace port

constexpr std::uint8_t kMiscColor = 0x01;    // CRTC at 3Dxh rather than 3Bxh
constexpr std::uint8_t kMiscClockMask = 0x0c;
constexpr std::uint8_t kMiscClock28 = 0x04;  // 28.322 MHz rather than 25.175 MHz
constexpr std::uint8_t kSwitchSense = 0x10;  // input status 0
constexpr std::uint8_t kDisplayDisabled = 0x01; // input status 1: horizontal or vertical blanking
constexpr std::uint8_t kVerticalRetrace = 0x08;

namespace seq {
constexpr unsigned kReset = 0;
constexpr unsigned kClocking = 1;
constexpr unsigned kMapMask = 2;
constexpr unsigned kCharacterMap = 3;
constexpr unsigned kMemoryMode = 4;
constexpr unsigned kCount = 5;
constexpr std::uint8_t kClocking8Dot = 0x01;
constexpr std::uint8_t kClockingHalf = 0x08; // dot clock divided by two
constexpr std::uint8_t kClockingScreenOff = 0x20;
constexpr std::uint8_t kMemorySequential = 0x04; // not odd/even
constexpr std::uint8_t kMemoryChain4 = 0x08;
} // namespace seq

namespace crtc {
constexpr unsigned kHorizontalTotal = 0x00;
constexpr unsigned kHorizontalDisplayEnd = 0x01;
constexpr unsigned kVerticalTotal = 0x06;
constexpr unsigned kOverflow = 0x07;
constexpr unsigned kPresetRowScan = 0x08;
constexpr unsigned kMaximumScanLine = 0x09;
constexpr unsigned kCursorStart = 0x0a;
constexpr unsigned kCursorEnd = 0x0b;
constexpr unsigned kStartHigh = 0x0c;
constexpr unsigned kStartLow = 0x0d;
constexpr unsigned kCursorHigh = 0x0e;
constexpr unsigned kCursorLow = 0x0f;
constexpr unsigned kVerticalRetraceStart = 0x10;
constexpr unsigned kVerticalRetraceEnd = 0x11;
constexpr unsigned kVerticalDisplayEnd = 0x12;
constexpr unsigned kOffset = 0x13;
constexpr unsigned kUnderline = 0x14;
constexpr unsigned kModeControl = 0x17;
constexpr unsigned kLineCompare = 0x18;
constexpr unsigned kCount = 0x19;
constexpr unsigned kLatchRead = 0x22;       // undocumented by IBM: the latch of the plane in GR4
constexpr unsigned kAttributeState = 0x24;  // undocumented by IBM: flip-flop in bit 7
constexpr std::uint8_t kProtect = 0x80;     // in kVerticalRetraceEnd: 00h-07h are read-only
constexpr std::uint8_t kOverflowLineCompare = 0x10;
constexpr std::uint8_t kDoubleScan = 0x80;  // in kMaximumScanLine
constexpr std::uint8_t kCursorOff = 0x20;   // in kCursorStart
constexpr std::uint8_t kModeNoCga = 0x01;   // row-scan bit 0 does not replace A13
constexpr std::uint8_t kModeNoHercules = 0x02; // row-scan bit 1 does not replace A14
constexpr std::uint8_t kModeByte = 0x40;
} // namespace crtc

namespace gfx {
constexpr unsigned kSetReset = 0;
constexpr unsigned kEnableSetReset = 1;
constexpr unsigned kColorCompare = 2;
constexpr unsigned kDataRotate = 3;
constexpr unsigned kReadMap = 4;
constexpr unsigned kMode = 5;
constexpr unsigned kMiscellaneous = 6;
constexpr unsigned kColorDontCare = 7;
constexpr unsigned kBitMask = 8;
constexpr unsigned kCount = 9;
constexpr std::uint8_t kModeReadCompare = 0x08;
constexpr std::uint8_t kModeOddEven = 0x10;
constexpr std::uint8_t kMiscGraphics = 0x01;
} // namespace gfx

namespace attr {
constexpr unsigned kMode = 0x10;
constexpr unsigned kOverscan = 0x11;
constexpr unsigned kPlaneEnable = 0x12;
constexpr unsigned kPixelPanning = 0x13;
constexpr unsigned kColorSelect = 0x14;
constexpr unsigned kCount = 0x15;
constexpr std::uint8_t kPaletteSource = 0x20; // in the index: the palette drives the screen
constexpr std::uint8_t kModeMono = 0x02;
constexpr std::uint8_t kModeLineGraphics = 0x04;
constexpr std::uint8_t kModeBlink = 0x08;
constexpr std::uint8_t kModePanningCompatibility = 0x20; // no panning below the line-compare line
constexpr std::uint8_t kModeColorSelect = 0x80; // P5 and P4 come from the colour select register
} // namespace attr

namespace dispi {
constexpr std::uint16_t kPortsStart = 0x1ce; // index; data at 1CFh and, aligned, 1D0h
constexpr std::uint16_t kPortsSize = 4;
constexpr unsigned kId = 0;
constexpr unsigned kXres = 1;
constexpr unsigned kYres = 2;
constexpr unsigned kBpp = 3;
constexpr unsigned kEnable = 4;
constexpr unsigned kBank = 5;
constexpr unsigned kVirtualWidth = 6;
constexpr unsigned kVirtualHeight = 7;
constexpr unsigned kXoffset = 8;
constexpr unsigned kYoffset = 9;
constexpr unsigned kVideoMemory64k = 10;
constexpr unsigned kCount = 11;
constexpr std::uint16_t kId0 = 0xb0c0;
constexpr std::uint16_t kId5 = 0xb0c5;
constexpr std::uint16_t kEnabled = 0x01;
constexpr std::uint16_t kGetCaps = 0x02;
constexpr std::uint16_t k8BitDac = 0x20;
constexpr std::uint16_t kLfbEnabled = 0x40;
constexpr std::uint16_t kNoClearMemory = 0x80;
constexpr std::uint16_t kMaxBpp = 32;
} // namespace dispi

// The register window in BAR 2.
namespace mmio {
constexpr std::uint32_t kSize = 0x1000;
constexpr std::uint64_t kEdid = 0x000;
constexpr std::uint64_t kEdidSize = 0x400;
constexpr std::uint64_t kVga = 0x400; // ports 3C0h-3DFh
constexpr std::uint64_t kVgaSize = 0x20;
constexpr std::uint64_t kDispi = 0x500; // one word each
constexpr std::uint64_t kDispiSize = 0x16;
constexpr std::uint64_t kExtension = 0x600; // size of this region, then byte order
constexpr std::uint64_t kExtensionSize = 8;
constexpr std::uint32_t kLittleEndian = 0x1e1e1e1e;
} // namespace mmio

// PCI identity.
constexpr std::uint16_t kPciVendor = 0x1234;
constexpr std::uint16_t kPciDevice = 0x1111;
constexpr std::uint8_t kPciRevision = 2;
constexpr std::uint32_t kPciClass = 0x030000;
constexpr std::uint16_t kPciSubsystemVendor = 0x1af4;
constexpr std::uint16_t kPciSubsystem = 0x1100;

} // namespace windsor::devices::vga
