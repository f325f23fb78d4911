// SPDX-License-Identifier: GPL-2.0-or-later
// The layout of the XSAVE area with x87, SSE and AVX state. SDM volume 1, section 13.4.
#pragma once

#include <cstdint>

namespace windsor::x86::xsave {

constexpr unsigned kLegacyBytes = 512;
constexpr unsigned kHeaderBytes = 64;
// Bits 255:128 of the YMM registers. As the first component behind the header they lie here in both formats.
constexpr unsigned kYmmOffset = kLegacyBytes + kHeaderBytes;
constexpr unsigned kYmmBytes = 256;

constexpr unsigned kBytes = kYmmOffset;               // without AVX state
constexpr unsigned kAvxBytes = kYmmOffset + kYmmBytes; // with it

constexpr std::uint64_t kCompacted = std::uint64_t{1} << 63; // of XCOMP_BV

} // namespace windsor::x86::xsave
