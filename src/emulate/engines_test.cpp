// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/engine_kind.hpp"
#include "emulate/interpreter.hpp"

namespace windsor::emulate {

const std::vector<EngineKind>& engine_kinds()
{
    static const std::vector<EngineKind> kKinds{
        {.name = "interpreter",
         .make =
             [](const EngineParts& parts) {
                 return std::make_unique<Interpreter>(
                     Cpu::Parts{.memory = parts.memory, .io = parts.io, .model = parts.model, .clock = parts.clock});
             }},
    };
    return kKinds;
}

} // namespace windsor::emulate
