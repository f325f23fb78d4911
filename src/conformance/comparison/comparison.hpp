// SPDX-License-Identifier: GPL-2.0-or-later
// Whether two endings of one experiment agree, and words for what does not.
#pragma once

#include "conformance/comparison/test_case.hpp"

#include <optional>
#include <string>

namespace windsor::conformance::comparison {

// None if both agree in vector, error code, addresses, registers, flags, x87, XMM, MXCSR and memory.
std::optional<std::string> difference(const TestCase& test, const Ending& expected, const Ending& got);

// The instructions of a case, disassembled.
std::string disassembly(const TestCase& test);

} // namespace windsor::conformance::comparison
