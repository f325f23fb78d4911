// SPDX-License-Identifier: GPL-2.0-or-later
// Model-specific registers. SDM volume 4, chapter 2.
#pragma once

#include <cstdint>

namespace windsor::x86::msr {

constexpr std::uint32_t kTsc = 0x10;
constexpr std::uint32_t kPlatformId = 0x17;
constexpr std::uint32_t kApicBase = 0x1b;
constexpr std::uint32_t kFeatureControl = 0x3a;
constexpr std::uint32_t kTscAdjust = 0x3b;
constexpr std::uint32_t kBiosUpdateTrigger = 0x79;
constexpr std::uint32_t kBiosSignature = 0x8b;
constexpr std::uint32_t kMtrrCap = 0xfe;
constexpr std::uint32_t kArchCapabilities = 0x10a;
constexpr std::uint32_t kSysenterCs = 0x174;
constexpr std::uint32_t kSysenterEsp = 0x175;
constexpr std::uint32_t kSysenterEip = 0x176;
constexpr std::uint32_t kMcgCap = 0x179;
constexpr std::uint32_t kMcgStatus = 0x17a;
constexpr std::uint32_t kMiscEnable = 0x1a0;
constexpr std::uint32_t kDebugCtl = 0x1d9;
constexpr std::uint32_t kMtrrPhysBase0 = 0x200; // then mask, alternating, eight pairs
constexpr std::uint32_t kMtrrFix64K = 0x250;
constexpr std::uint32_t kMtrrFix16K0 = 0x258;
constexpr std::uint32_t kMtrrFix4K0 = 0x268; // eight
constexpr std::uint32_t kPat = 0x277;
constexpr std::uint32_t kMtrrDefType = 0x2ff;
constexpr std::uint32_t kMc0Ctl = 0x400; // then STATUS, ADDR and MISC, and the next bank's
constexpr std::uint32_t kTscDeadline = 0x6e0;
constexpr std::uint32_t kX2ApicFirst = 0x800;
constexpr std::uint32_t kX2ApicLast = 0x8ff;
constexpr std::uint32_t kEfer = 0xc0000080;
constexpr std::uint32_t kStar = 0xc0000081;
constexpr std::uint32_t kLstar = 0xc0000082;
constexpr std::uint32_t kCstar = 0xc0000083;
constexpr std::uint32_t kFmask = 0xc0000084;
constexpr std::uint32_t kFsBase = 0xc0000100;
constexpr std::uint32_t kGsBase = 0xc0000101;
constexpr std::uint32_t kKernelGsBase = 0xc0000102;
constexpr std::uint32_t kTscAux = 0xc0000103;

} // namespace windsor::x86::msr
