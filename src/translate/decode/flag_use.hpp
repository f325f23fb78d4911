// SPDX-License-Identifier: GPL-2.0-or-later
// What instructions do to the arithmetic flags.
#pragma once

#include <cstdint>

#include <Zydis/Zydis.h>

namespace windsor::translate {

// The arithmetic flags, in their places in RFLAGS.
using Flags = std::uint32_t;
constexpr Flags kAllFlags = 0x8d5;

struct FlagUse {
    Flags reads{0};
    Flags writes{0}; // those that it may write
    Flags kills{0};  // those that it writes in any case, whatever they were
};

// `operands` may be null: then they are not known, and the worst is assumed of them.
FlagUse flag_use(const ZydisDecodedInstruction& decoded, const ZydisDecodedOperand* operands);

} // namespace windsor::translate
