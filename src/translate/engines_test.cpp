// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's suites on the translator.
#include "emulate/engine_kind.hpp"
#include "translate/test_machine.hpp"

namespace windsor::emulate {

namespace {

std::unique_ptr<vcpu::Engine> make(const EngineParts& parts, const translate::Windows::Options& windows, bool extract)
{
    auto engine = translate::Translator::create(
        {.memory = parts.memory, .io = parts.io, .model = parts.model, .clock = parts.clock},
        translate::testing::verified({.code_bytes = 1 << 20, .windows = windows, .extract = extract}));
    return engine ? std::move(*engine) : nullptr;
}

} // namespace

// The second one gives every address space of 32-bit programs a window at once, and does without PEXT.
const std::vector<EngineKind>& engine_kinds()
{
    static const std::vector<EngineKind> kKinds{
        {.name = "translator", .make = [](const EngineParts& parts) { return make(parts, {.most = 0}, true); }},
        {.name = "windows",
         .make = [](const EngineParts& parts) { return make(parts, {.warm = 0, .tick = 0}, false); }},
    };
    return kKinds;
}

} // namespace windsor::emulate
