// SPDX-License-Identifier: GPL-2.0-or-later
// This says what instructions do to the arithmetic flags.
#pragma once

#include <cstdint>

#include <Zydis/Zydis.h>

namespace windsor::translate {

// These are arithmetic flags, in their places in RFLAGS.
using Flags = std::uint32_t;
constexpr Flags kAllFlags = 0x8d5;

struct FlagUse {
    Flags reads{0};
    Flags writes{0}; // the flags that the instruction may write
    Flags kills{0};  // the flags that it writes in any case, so that nothing of what they were is left
};

// If `operands` is null, they are not known, and the worst is assumed of them.
FlagUse flag_use(const ZydisDecodedInstruction& decoded, const ZydisDecodedOperand* operands);

} // namespace windsor::translate
