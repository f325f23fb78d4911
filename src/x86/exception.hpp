// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions and their error codes. SDM volume 3A, section 6.15.
#pragma once

#include <cstdint>

namespace windsor::x86 {

enum class Exception : std::uint8_t {
    De = 0,
    Db = 1,
    Nmi = 2,
    Bp = 3,
    Of = 4,
    Br = 5,
    Ud = 6,
    Nm = 7,
    Df = 8,
    Ts = 10,
    Np = 11,
    Ss = 12,
    Gp = 13,
    Pf = 14,
    Mf = 16,
    Ac = 17,
    Mc = 18,
    Xm = 19,
};

constexpr bool has_error_code(Exception exception)
{
    switch (exception) {
    case Exception::Df:
    case Exception::Ts:
    case Exception::Np:
    case Exception::Ss:
    case Exception::Gp:
    case Exception::Pf:
    case Exception::Ac: return true;
    default: return false;
    }
}

// Error code bits of #PF.
namespace pf {
constexpr std::uint32_t kPresent = 1;
constexpr std::uint32_t kWrite = 2;
constexpr std::uint32_t kUser = 4;
constexpr std::uint32_t kReserved = 8;
constexpr std::uint32_t kFetch = 16;
} // namespace pf

// Error code bits of segment faults.
namespace selector_error {
constexpr std::uint32_t kExt = 1;
constexpr std::uint32_t kIdt = 2;
constexpr std::uint32_t kTi = 4;
} // namespace selector_error

} // namespace windsor::x86
