// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82441FX PCI and Memory Controller (PMC) datasheet, order number 290549, section 3.2.
#pragma once

#include <cstdint>

namespace windsor::devices::i440fx {

constexpr std::uint16_t kVendor = 0x8086;
constexpr std::uint16_t kDevice = 0x1237;
constexpr std::uint32_t kClassHostBridge = 0x060000;
constexpr std::uint8_t kRevision = 0x02;

// PAM[6:0], section 3.2.18: PAM0 has one attribute, for F0000-FFFFF, in its high nibble; each of the
// others has two, low nibble first, for 16 KiB each from C0000 on.
constexpr unsigned kPam0 = 0x59;
constexpr unsigned kPamRegisters = 7;
constexpr std::uint8_t kPamWritable = 0x33;
constexpr std::uint8_t kPam0Writable = 0x30;
constexpr unsigned kPamRead = 1 << 0;
constexpr unsigned kPamWrite = 1 << 1;

// SMRAM, section 3.2.21.
constexpr unsigned kSmram = 0x72;
constexpr std::uint8_t kSmramOpen = 1 << 6;
constexpr std::uint8_t kSmramClosed = 1 << 5;
constexpr std::uint8_t kSmramLock = 1 << 4;
constexpr std::uint8_t kSmramEnable = 1 << 3;
constexpr std::uint8_t kSmramBase = 0x02; // the only segment there is: A0000-BFFFF

// The ranges under control, as guest-physical addresses.
constexpr std::uint64_t kSmramStart = 0xa0000;
constexpr std::uint64_t kSmramSize = 0x20000;
constexpr std::uint64_t kPamStart = 0xc0000;
constexpr std::uint64_t kPamSegmentSize = 0x4000;
constexpr std::uint64_t kSystemBiosStart = 0xf0000;
constexpr std::uint64_t kSystemBiosSize = 0x10000;
constexpr std::uint64_t kExtendedBiosStart = 0xe0000;
constexpr std::uint64_t kFourGigabytes = std::uint64_t{1} << 32;
// Twelve segments of 16 KiB from C0000, then F0000-FFFFF.
constexpr unsigned kPamSegments = 13;
constexpr std::uint64_t kShadowSize = (kPamSegments - 1) * kPamSegmentSize + kSystemBiosSize;

} // namespace windsor::devices::i440fx
