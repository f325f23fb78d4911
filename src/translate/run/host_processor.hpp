// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace windsor::translate {

// Tells whether the host has BEXTR (CPUID 7.EBX.BMI1).
bool extracts_bits();

} // namespace windsor::translate
