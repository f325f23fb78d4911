// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's suites on the translator.
#include "conformance/engine_kind.hpp"
#include "translate/test_machine.hpp"

namespace windsor::conformance {

namespace {

std::unique_ptr<vcpu::Engine> make(const vcpu::EngineParts& parts, const translate::Windows::Options& windows,
                                   bool extract)
{
    auto engine = translate::Translator::create(
        parts, translate::testing::verified({.code_bytes = 1 << 20, .windows = windows, .extract = extract}));
    return engine ? std::move(*engine) : nullptr;
}

} // namespace

// The second one gives every address space of 32-bit programs a window at once, and does without PEXT.
const std::vector<EngineKind>& engine_kinds()
{
    static const std::vector<EngineKind> kKinds{
        {.name = "translator", .make = [](const vcpu::EngineParts& parts) { return make(parts, {.most = 0}, true); }},
        {.name = "windows",
         .make = [](const vcpu::EngineParts& parts) { return make(parts, {.warm = 0, .tick = 0}, false); }},
    };
    return kKinds;
}

} // namespace windsor::conformance
