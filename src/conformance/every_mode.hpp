// SPDX-License-Identifier: GPL-2.0-or-later
// The same bytes in each mode of the processor.
#pragma once

#include "conformance/guest.hpp"

namespace windsor::conformance {

enum class RunMode : std::uint8_t { Real, Virtual8086, Protected16, Protected, User, Compatibility, Long, LongUser };

inline constexpr std::array kEveryMode{RunMode::Real, RunMode::Virtual8086,   RunMode::Protected16, RunMode::Protected,
                                       RunMode::User, RunMode::Compatibility, RunMode::Long,        RunMode::LongUser};
constexpr std::uint8_t kEndOfProgram = 0x80; // the interrupt behind the bytes

constexpr bool is_64_bit(RunMode mode)
{
    return mode == RunMode::Long || mode == RunMode::LongUser;
}
constexpr bool has_16_bit_code(RunMode mode)
{
    return mode == RunMode::Real || mode == RunMode::Virtual8086 || mode == RunMode::Protected16;
}

std::ostream& operator<<(std::ostream& out, RunMode mode);

// Makes the guest ready to run in that mode, its data segments at kData (16-bit modes) or flat.
void prepare(Guest& guest, RunMode mode);
// Runs the bytes and gives the vector that has ended them: that of a fault, or kEndOfProgram.
unsigned vector_of(Guest& guest, RunMode mode, const Bytes& bytes);

} // namespace windsor::conformance
