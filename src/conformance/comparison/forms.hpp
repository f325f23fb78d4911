// SPDX-License-Identifier: GPL-2.0-or-later
// Which instructions can be compared with the host's processor in user mode.
#pragma once

#include "conformance/comparison/generator.hpp"

namespace windsor::conformance::comparison {

// Whether the instruction belongs to the family, by its instruction set and operands.
bool belongs(Family family, const ZydisDecodedInstruction& instruction, std::span<const ZydisDecodedOperand> operands);

// Whether both sides are in the same position to run it: not privileged, and no answers that depend on the system.
bool comparable(const ZydisDecodedInstruction& instruction, std::span<const ZydisDecodedOperand> operands);

bool is_near_branch(const ZydisDecodedInstruction& instruction);
bool has_operand_size_prefix(const ZydisDecodedInstruction& instruction);
// Rotations by a constant that may be more than 1. Some processors compute OF for them, others do not. SDM volume 2B,
// ROL.
bool leaves_overflow_undefined(const ZydisDecodedInstruction& instruction);

} // namespace windsor::conformance::comparison
