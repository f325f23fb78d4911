// SPDX-License-Identifier: GPL-2.0-or-later
// The conformance suite runs on the translator.
#include "conformance/engine_kind.hpp"
#include "translate/test_machine.hpp"

namespace windsor::conformance {

namespace {

std::unique_ptr<vcpu::Engine> make(const vcpu::EngineParts& parts, const translate::Options& options)
{
    auto engine = translate::Translator::create(parts, translate::testing::verified(options));
    return engine ? std::move(*engine) : nullptr;
}

} // namespace

// The second engine gives every address space of 32-bit programs a window at once, and does without BEXTR.
const std::vector<EngineKind>& engine_kinds()
{
    constexpr std::size_t kCodeBytes = 1 << 20;
    static const std::vector<EngineKind> kKinds{
        {.name = "translator",
         .make =
             [](const vcpu::EngineParts& parts) {
                 return make(parts, {.code_bytes = kCodeBytes, .windows = {.most = 0}, .extract = true});
             }},
        {.name = "windows",
         .make =
             [](const vcpu::EngineParts& parts) {
                 return make(parts, {.code_bytes = kCodeBytes, .windows = {.warm = 0, .tick = 0}, .extract = false});
             }},
    };
    return kKinds;
}

} // namespace windsor::conformance
