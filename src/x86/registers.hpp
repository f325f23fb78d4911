// SPDX-License-Identifier: GPL-2.0-or-later
// Architectural registers and their bits. Names as in the Intel 64 and IA-32 Architectures Software
// Developer's Manual (SDM), volume 3A chapter 2 and volume 1 chapter 3.
#pragma once

#include <cstdint>

namespace windsor::x86 {

// General registers in the order of their encoding.
enum Gpr : std::uint8_t {
    kRax, kRcx, kRdx, kRbx, kRsp, kRbp, kRsi, kRdi,
    kR8, kR9, kR10, kR11, kR12, kR13, kR14, kR15,
};
constexpr unsigned kGprCount = 16;

// Segment registers in the order of their encoding.
enum class Seg : std::uint8_t { Es, Cs, Ss, Ds, Fs, Gs };
constexpr unsigned kSegCount = 6;

namespace rflags {
constexpr std::uint64_t kCf = 1u << 0;
constexpr std::uint64_t kFixed1 = 1u << 1; // always set
constexpr std::uint64_t kPf = 1u << 2;
constexpr std::uint64_t kAf = 1u << 4;
constexpr std::uint64_t kZf = 1u << 6;
constexpr std::uint64_t kSf = 1u << 7;
constexpr std::uint64_t kTf = 1u << 8;
constexpr std::uint64_t kIf = 1u << 9;
constexpr std::uint64_t kDf = 1u << 10;
constexpr std::uint64_t kOf = 1u << 11;
constexpr std::uint64_t kIopl = 3u << 12;
constexpr unsigned kIoplShift = 12;
constexpr std::uint64_t kNt = 1u << 14;
constexpr std::uint64_t kRf = 1u << 16;
constexpr std::uint64_t kVm = 1u << 17;
constexpr std::uint64_t kAc = 1u << 18;
constexpr std::uint64_t kVif = 1u << 19;
constexpr std::uint64_t kVip = 1u << 20;
constexpr std::uint64_t kId = 1u << 21;
constexpr std::uint64_t kArithmetic = kCf | kPf | kAf | kZf | kSf | kOf;
} // namespace rflags

namespace cr0 {
constexpr std::uint64_t kPe = 1u << 0;
constexpr std::uint64_t kMp = 1u << 1;
constexpr std::uint64_t kEm = 1u << 2;
constexpr std::uint64_t kTs = 1u << 3;
constexpr std::uint64_t kEt = 1u << 4;
constexpr std::uint64_t kNe = 1u << 5;
constexpr std::uint64_t kWp = 1u << 16;
constexpr std::uint64_t kAm = 1u << 18;
constexpr std::uint64_t kNw = 1u << 29;
constexpr std::uint64_t kCd = 1u << 30;
constexpr std::uint64_t kPg = 1u << 31;
} // namespace cr0

namespace cr4 {
constexpr std::uint64_t kVme = 1u << 0;
constexpr std::uint64_t kPvi = 1u << 1;
constexpr std::uint64_t kTsd = 1u << 2;
constexpr std::uint64_t kDe = 1u << 3;
constexpr std::uint64_t kPse = 1u << 4;
constexpr std::uint64_t kPae = 1u << 5;
constexpr std::uint64_t kMce = 1u << 6;
constexpr std::uint64_t kPge = 1u << 7;
constexpr std::uint64_t kPce = 1u << 8;
constexpr std::uint64_t kOsfxsr = 1u << 9;
constexpr std::uint64_t kOsxmmexcpt = 1u << 10;
constexpr std::uint64_t kUmip = 1u << 11;
constexpr std::uint64_t kFsgsbase = 1u << 16;
constexpr std::uint64_t kPcide = 1u << 17;
constexpr std::uint64_t kOsxsave = 1u << 18;
constexpr std::uint64_t kSmep = 1u << 20;
constexpr std::uint64_t kSmap = 1u << 21;
} // namespace cr4

// State components of XCR0 and of the XSAVE area. SDM volume 1, section 13.1.
namespace xcr0 {
constexpr std::uint64_t kX87 = 1u << 0;
constexpr std::uint64_t kSse = 1u << 1;
constexpr std::uint64_t kAvx = 1u << 2;
} // namespace xcr0

namespace efer {
constexpr std::uint64_t kSce = 1u << 0;
constexpr std::uint64_t kLme = 1u << 8;
constexpr std::uint64_t kLma = 1u << 10;
constexpr std::uint64_t kNxe = 1u << 11;
} // namespace efer

namespace dr6 {
constexpr std::uint64_t kBd = 1u << 13;
constexpr std::uint64_t kBs = 1u << 14;
constexpr std::uint64_t kBt = 1u << 15;
constexpr std::uint64_t kFixed1 = 0xffff0ff0;
} // namespace dr6

namespace dr7 {
constexpr std::uint64_t kFixed1 = 1u << 10;
constexpr std::uint64_t kGd = 1u << 13;
constexpr std::uint64_t kEnables = 0xff; // L0 G0 … L3 G3
} // namespace dr7

} // namespace windsor::x86
