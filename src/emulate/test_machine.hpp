// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a machine with the interpreter.
#pragma once

#include "conformance/machine.hpp"
#include "emulate/core/interpreter.hpp"

#include <memory>

namespace windsor::emulate::testing {

using namespace conformance;

class TestMachine : public Machine {
public:
    TestMachine()
        : Machine{[](const vcpu::EngineParts& parts) { return std::make_unique<Interpreter>(parts); }},
          cpu{static_cast<Interpreter&>(*engine)}
    {
    }

    Interpreter& cpu;
};

} // namespace windsor::emulate::testing
