// SPDX-License-Identifier: GPL-2.0-or-later
// Registers and bits of the Cirrus Logic CL-GD5446, revision B, by the "CL-GD5446 Technical Reference Manual" (November
// 1996), which is what comments of this folder mean by TRM; and its PCI identity as guests of Xen HVM know it.
#pragma once

#include <cstdint>

namespace windsor::devices::vga::cirrus {

constexpr std::uint64_t kVramSize = std::uint64_t{4} << 20;

// TRM 8.1-8.18.
namespace sr {
constexpr unsigned kKey = 0x06;
constexpr unsigned kMode = 0x07;
constexpr unsigned kDdc = 0x08;
constexpr unsigned kVclkNumerator = 0x0b; // of VCLK0 to VCLK3, one after the other
constexpr unsigned kDramControl = 0x0f;
constexpr unsigned kCursorX = 0x10; // with bits 7 to 5 of the index
constexpr unsigned kCursorY = 0x11;
constexpr unsigned kCursorAttribute = 0x12;
constexpr unsigned kCursorPattern = 0x13;
constexpr unsigned kScratch3 = 0x15;
constexpr unsigned kExtendedControl = 0x17;
constexpr unsigned kVclkDenominator = 0x1b; // with the post-scalar in bit 0
constexpr unsigned kMclk = 0x1f;
constexpr unsigned kCount = 0x20;

constexpr std::uint8_t kKeyMask = 0x17; // the bits that are looked at
constexpr std::uint8_t kKeyValue = 0x12;
constexpr std::uint8_t kKeyLocked = 0x0f;
constexpr std::uint8_t kModePacked = 0x01; // in kMode: high-resolution packed-pixel modes
constexpr std::uint8_t kModeWidthMask = 0x0e;
constexpr std::uint8_t kMode24 = 0x04;
constexpr std::uint8_t kMode16 = 0x06;
constexpr std::uint8_t kMode32 = 0x08;
constexpr std::uint8_t kDdcEnabled = 0x40;
constexpr std::uint8_t kDram4MiB = 0x98; // 64 bits wide, with two banks
constexpr std::uint8_t kCursorEnabled = 0x01;
constexpr std::uint8_t kCursorExtendedColors = 0x02; // the DAC's extra entries are reached
constexpr std::uint8_t kCursor64 = 0x04;
constexpr std::uint8_t kMmioEnabled = 0x04; // in kExtendedControl
constexpr std::uint8_t kMmioLinear = 0x40; // the last 256 bytes of the frame buffer rather than B8000h
constexpr std::uint8_t kPciBus = 0x20;
} // namespace sr

// TRM 8.19-8.29 and chapter 5.
namespace gr {
constexpr unsigned kBackground0 = 0x00;
constexpr unsigned kForeground0 = 0x01;
constexpr unsigned kMode = 0x05;
constexpr unsigned kOffset0 = 0x09;
constexpr unsigned kOffset1 = 0x0a;
constexpr unsigned kExtensions = 0x0b;
constexpr unsigned kBackground1 = 0x10;
constexpr unsigned kForeground1 = 0x11;
constexpr unsigned kBackground2 = 0x12;
constexpr unsigned kForeground2 = 0x13;
constexpr unsigned kBackground3 = 0x14;
constexpr unsigned kForeground3 = 0x15;
constexpr unsigned kBltWidth = 0x20; // two bytes
constexpr unsigned kBltHeight = 0x22; // two
constexpr unsigned kBltDestinationPitch = 0x24; // two
constexpr unsigned kBltSourcePitch = 0x26; // two
constexpr unsigned kBltDestination = 0x28; // three
constexpr unsigned kBltDestinationHigh = 0x2a; // the last of them, which starts a BLT with autostart
constexpr unsigned kBltSource = 0x2c; // three
constexpr unsigned kBltClip = 0x2f;
constexpr unsigned kBltMode = 0x30;
constexpr unsigned kBltStatus = 0x31;
constexpr unsigned kBltRop = 0x32;
constexpr unsigned kBltExtensions = 0x33;
constexpr unsigned kBltKey = 0x34; // two
constexpr unsigned kCount = 0x40;

constexpr std::uint8_t kWriteModeMask = 0x07; // in kMode, with kExtendedWrites
constexpr std::uint8_t kWriteModeExpandTransparent = 4;
constexpr std::uint8_t kWriteModeExpand = 5;
constexpr std::uint8_t kSecondOffset = 0x01; // in kExtensions
constexpr std::uint8_t kBy8 = 0x02;
constexpr std::uint8_t kExtendedWrites = 0x04;
constexpr std::uint8_t kEightLatches = 0x08;
constexpr std::uint8_t kPixels16 = 0x10; // by-16 addressing, with kExtendedWrites
constexpr std::uint8_t kOffset16K = 0x20;
} // namespace gr

// Bits of the BLT registers (TRM 5.8-5.12).
namespace blt {
constexpr std::uint8_t kBackward = 0x01; // in GR30
constexpr std::uint8_t kToSystem = 0x02; // reserved on this chip
constexpr std::uint8_t kFromSystem = 0x04;
constexpr std::uint8_t kTransparent = 0x08;
constexpr unsigned kPixelShift = 4; // bytes of a pixel, less one, in two bits
constexpr std::uint8_t kPattern = 0x40;
constexpr std::uint8_t kExpand = 0x80;

constexpr std::uint8_t kBusy = 0x01; // in GR31
constexpr std::uint8_t kStart = 0x02;
constexpr std::uint8_t kReset = 0x04;
constexpr std::uint8_t kBuffered = 0x10;
constexpr std::uint8_t kPause = 0x20;
constexpr std::uint8_t kSecondWindow = 0x40; // data come by the second 16 MiB of the aperture
constexpr std::uint8_t kAutostart = 0x80;

constexpr std::uint8_t kDwordGranularity = 0x01; // in GR33
constexpr std::uint8_t kInvert = 0x02;
constexpr std::uint8_t kSolid = 0x04;
constexpr std::uint8_t kClipBackground = 0x08;

constexpr unsigned kMostWidth = 0x2000; // bytes
constexpr unsigned kMostHeight = 0x800; // lines
constexpr unsigned kMostPitch = 0x1fff;
constexpr unsigned kPatternSize = 256; // bytes of the largest pattern
} // namespace blt

// TRM 8.30-8.36. The registers from CR19 on.
namespace cr {
constexpr unsigned kInterlaceEnd = 0x19;
constexpr unsigned kMiscellaneous = 0x1a;
constexpr unsigned kExtendedDisplay = 0x1b;
constexpr unsigned kOverlay = 0x1d;
constexpr unsigned kFirst = 0x19;
constexpr unsigned kCount = 0x07; // to CR1F
constexpr unsigned kPartStatus = 0x25;
constexpr unsigned kAttributeIndex = 0x26;
constexpr unsigned kId = 0x27;
constexpr std::uint8_t kIdValue = 0xb8; // 101110 in bits 7 to 2
constexpr std::uint8_t kInterlaced = 0x01;
} // namespace cr

// The hidden DAC register (TRM 8.37).
namespace hdr {
constexpr unsigned kReadsBefore = 4; // of the PEL mask
constexpr std::uint8_t kExtended = 0x80;
constexpr std::uint8_t kAllModes = 0x40;
constexpr std::uint8_t kMixed = 0x10;
constexpr std::uint8_t kModeMask = 0x0f;
constexpr std::uint8_t k565 = 0x01;
constexpr std::uint8_t kGrayscale = 0x08;
constexpr std::uint8_t k332 = 0x09;
constexpr std::uint8_t kClockDoubled = 0x0a; // two palette indices a pixel clock
} // namespace hdr

// The ranges of PCI10 and PCI14 (TRM 9.2.3 and 9.2.7.3, revision B).
constexpr std::uint32_t kApertureSize = 4u << 20; // of four in each half: no swap, words, dwords, video
constexpr std::uint32_t kFramebufferRange = 32u << 20;
constexpr std::uint32_t kSystemSourceStart = 16u << 20; // from here on for system-to-screen BLTs
constexpr std::uint32_t kRegistersRange = 0x1000;
constexpr std::uint64_t kRegistersBlt = 0x100; // BLT registers in PCI14's range; ports 3C0h-3DFh before
constexpr std::uint64_t kMmioSize = 0x100;
constexpr std::uint64_t kMmioInWindow = 0x18000; // B8000h, in the VGA's window
constexpr std::uint64_t kMmioStatus = 0x40; // GR31

constexpr std::uint16_t kPciVendor = 0x1013;
constexpr std::uint16_t kPciDevice = 0x00b8;
constexpr std::uint32_t kPciClass = 0x030000;
constexpr std::uint16_t kPciSubsystemVendor = 0x5853; // XenSource, as Xen has it, and as Linux' cirrus driver looks for
constexpr std::uint16_t kPciSubsystem = 0x0001;
constexpr unsigned kFramebufferBar = 0;
constexpr unsigned kRegistersBar = 1;

constexpr std::int64_t kReferenceClock = 14'318'180; // Hz

} // namespace windsor::devices::vga::cirrus
