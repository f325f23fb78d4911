// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/engine_kind.hpp"
#include "emulate/core/interpreter.hpp"

namespace windsor::conformance {

const std::vector<EngineKind>& engine_kinds()
{
    static const std::vector<EngineKind> kKinds{
        {.name = "interpreter",
         .make = [](const vcpu::EngineParts& parts) { return std::make_unique<emulate::Interpreter>(parts); }},
    };
    return kKinds;
}

} // namespace windsor::conformance
