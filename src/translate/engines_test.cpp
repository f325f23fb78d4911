// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's suites on the translator.
#include "emulate/engine_kind.hpp"
#include "translate/translator.hpp"

namespace windsor::emulate {

const std::vector<EngineKind>& engine_kinds()
{
    static const std::vector<EngineKind> kKinds{
        {.name = "translator",
         .make = [](const EngineParts& parts) -> std::unique_ptr<vcpu::Engine> {
             auto engine = translate::Translator::create(
                 {.memory = parts.memory, .io = parts.io, .model = parts.model, .clock = parts.clock},
                 {.code_bytes = 1 << 20});
             return engine ? std::move(*engine) : nullptr;
         }},
    };
    return kKinds;
}

} // namespace windsor::emulate
