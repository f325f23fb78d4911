// SPDX-License-Identifier: GPL-2.0-or-later
// Page-table entries. SDM volume 3A, chapter 4.
#pragma once

#include <cstdint>

namespace windsor::x86::pte {

constexpr std::uint64_t kP = 1u << 0;
constexpr std::uint64_t kRw = 1u << 1;
constexpr std::uint64_t kUs = 1u << 2;
constexpr std::uint64_t kPwt = 1u << 3;
constexpr std::uint64_t kPcd = 1u << 4;
constexpr std::uint64_t kA = 1u << 5;
constexpr std::uint64_t kD = 1u << 6;
constexpr std::uint64_t kPs = 1u << 7;
constexpr std::uint64_t kG = 1u << 8;
constexpr std::uint64_t kNx = std::uint64_t{1} << 63;
constexpr std::uint64_t kAddress = 0x000f'ffff'ffff'f000; // 52 bits of physical address

} // namespace windsor::x86::pte
