// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/engine_factory.hpp"

#include "emulate/interpreter.hpp"
#include "translate/translator.hpp"

#include <cstdlib>

namespace windsor::machine {

namespace {

// Classes of instructions to be interpreted, named in the environment: docs/how-translation-works.md.
base::Result<translate::Options> translate_options()
{
    translate::Options options;
    if (const char* names = std::getenv("WINDSOR_INTERPRET")) {
        const auto classes = translate::parse_classes(names);
        if (!classes) {
            return base::fail("WINDSOR_INTERPRET names a class of instructions that there is not: '{}'", names);
        }
        options.interpreted = *classes;
    }
    return options;
}

} // namespace

base::Result<std::unique_ptr<vcpu::Engine>> make_engine(EngineType type, const emulate::Cpu::Parts& parts)
{
    if (type == EngineType::Emulate) {
        return std::make_unique<emulate::Interpreter>(parts);
    }
    const translate::Options options = WINDSOR_TRY(translate_options());
    return WINDSOR_TRY(translate::Translator::create(parts, options));
}

} // namespace windsor::machine
